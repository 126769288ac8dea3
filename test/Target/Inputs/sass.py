"""Counts instructions in the text sections of a cubin.

    sass.py <cubin>

An sm_90 instruction has 16 bytes, its opcode in the low 12 bits; there is no
disassembler in a distribution. Prints the counts of the few that tests name.
"""

import collections
import struct
import sys

OPCODES = {
    0x9C5: "WARPGROUP",  # arrive and depbar around QGMMA
    0x9F3: "QGMMA",
    0x9C8: "USETMAXREG",
    0x223: "FFMA",
    0x387: "STL",
    0x983: "LDL",
}
SHT_PROGBITS, SHF_EXECINSTR = 1, 4


def text_sections(elf):
    """The contents of the executable sections of a 64-bit ELF file."""
    assert elf[:5] == b"\x7fELF\x02", "not a 64-bit ELF file"
    table, entry, count = struct.unpack_from("<Q", elf, 0x28) + struct.unpack_from(
        "<HH", elf, 0x3A
    )
    for i in range(count):
        kind, flags = struct.unpack_from("<IQ", elf, table + i * entry + 4)
        offset, size = struct.unpack_from("<QQ", elf, table + i * entry + 24)
        if kind == SHT_PROGBITS and flags & SHF_EXECINSTR:
            yield elf[offset : offset + size]


def main():
    with open(sys.argv[1], "rb") as file:
        elf = file.read()
    counts = collections.Counter()
    for text in text_sections(elf):
        for at in range(0, len(text), 16):
            counts[struct.unpack_from("<H", text, at)[0] & 0xFFF] += 1
    for opcode, name in OPCODES.items():
        print(name, counts[opcode])


main()
