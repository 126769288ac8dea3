// The arithmetic of SM90.h against numbers worked out by hand.

#include "dgemm/Target/SM90.h"

#include "gtest/gtest.h"

using namespace dgemm::target::sm90;

/// 256x128 in three stages with a slab of 64 KB: the default for large GEMMs.
static KernelShape coop256() {
  KernelShape shape;
  shape.tileM = 256;
  shape.tileN = 128;
  shape.warpgroups = 2;
  shape.slices = 2;
  shape.stages = 3;
  shape.kBlocks = 1;
  shape.inFlight = 1;
  shape.producerRegs = 40;
  shape.consumerRegs = 232;
  shape.buffers = 4;
  shape.chunk = 64;
  shape.elementBytes = 2;
  shape.lhsStaged = true;
  shape.rhsTileRows = 1;
  shape.kCapacity = 16;
  return shape;
}

TEST(SM90, SharedMemoryOfTheDefaultTile) {
  SharedMemoryLayout layout = computeSharedMemory(coop256());
  EXPECT_EQ(layout.itemise(),
            "lhs 98304 + rhs 49152 + output 65536 + lhs scales 3072 + rhs "
            "tile scales 256 + coordinates 256 + barriers 80 = 216656");
  EXPECT_EQ(layout.total, 216656);
  EXPECT_EQ(checkSharedMemory(coop256()), "");
}

TEST(SM90, SharedMemoryIsItemised) {
  KernelShape shape = coop256();
  shape.stages = 4;
  EXPECT_EQ(checkSharedMemory(shape),
            "needs 266848 bytes of shared memory, 34400 more than the 232448 "
            "of a CTA: lhs 131072 + rhs 65536 + output 65536 + lhs scales "
            "4096 + rhs tile scales 256 + coordinates 256 + barriers 96 = "
            "266848");
}

TEST(SM90, EntriesAreRoundedUp) {
  KernelShape shape = coop256();
  shape.tileN = 24;
  shape.rhsStaged = true; // 24 floats: 96 bytes
  shape.rhsTileRows = 0;
  shape.producerCoordinates = false;
  shape.buffers = 0;
  EXPECT_EQ(computeSharedMemory(shape).itemise(),
            "lhs 98304 + rhs 9216 + lhs scales 3072 + rhs scales 384 + "
            "barriers 48 = 111024");
}

TEST(SM90, RegistersAtEntry) {
  EXPECT_EQ(registersAtEntry(256), 256);
  EXPECT_EQ(registersAtEntry(384), 168);
  EXPECT_EQ(registersAtEntry(512), 128);
  EXPECT_EQ(registersAtEntry(256, /*ctasPerSM=*/2), 128);
  EXPECT_EQ(registersAtEntry(384, /*ctasPerSM=*/2), 80);
}

TEST(SM90, HalfOfAnSM) {
  KernelShape shape = coop256();
  shape.ctasPerSM = 2;
  EXPECT_NE(checkSharedMemory(shape).find("more than the 115712 of a CTA"),
            std::string::npos);
  EXPECT_NE(checkRegisterPool(shape), "");
  shape.producerRegs = 24;
  shape.consumerRegs = 104;
  EXPECT_EQ(checkRegisterPool(shape), "");
}

TEST(SM90, RegisterPool) {
  KernelShape shape = coop256();
  EXPECT_EQ(checkRegisterPool(shape), "");
  shape.producerRegs = 32;
  shape.consumerRegs = 240;
  EXPECT_EQ(checkRegisterPool(shape),
            "the roles want 128*(32 + 2*240) = 65536 registers, but 384 "
            "threads enter with 168 each, 64512 in all; setmaxnreg would wait "
            "forever; consumers may have 232");
  shape.producerRegs = 24;
  EXPECT_EQ(checkRegisterPool(shape), "");
  shape.warpgroups = 3;
  shape.producerRegs = 32;
  shape.consumerRegs = 160;
  EXPECT_EQ(checkRegisterPool(shape), "");
}

TEST(SM90, Accumulators) {
  KernelShape shape = coop256();
  EXPECT_EQ(checkAccumulators(shape), "");
  shape.tileN = 144; // 72 + 144 = 216, the most that fits
  EXPECT_EQ(checkAccumulators(shape), "");
  shape.tileN = 152;
  EXPECT_EQ(checkAccumulators(shape),
            "a consumer thread needs 1*76 temporary and 2*76 running = 228 "
            "accumulator registers, but 216 fit in a budget of 232");
  shape.producerRegs = 24;
  shape.consumerRegs = 240;
  EXPECT_EQ(checkAccumulators(shape), "");
}

TEST(SM90, ScaleRowsThatATileTouches) {
  EXPECT_EQ(scaleRowsPerTile(128), 1);
  EXPECT_EQ(scaleRowsPerTile(64), 1);
  EXPECT_EQ(scaleRowsPerTile(256), 2);
  EXPECT_EQ(scaleRowsPerTile(192), 2);
  EXPECT_EQ(scaleRowsPerTile(96), 2);
  EXPECT_EQ(scaleRowsPerTile(176), 3);
  // By enumeration, for every tile that exists.
  for (int64_t tile = 8; tile <= 256; tile += 8) {
    int64_t most = 0;
    for (int64_t start = 0; start < 128 * tile; start += tile)
      most = std::max(most, (start + tile - 1) / 128 - start / 128 + 1);
    EXPECT_EQ(scaleRowsPerTile(tile), most) << tile;
  }
}

TEST(SM90, Strides) {
  EXPECT_EQ(checkTMAStride("A", 208, 1), "");
  EXPECT_EQ(checkTMAStride("A", 200, 1),
            "the row stride of A is 200 bytes, and TMA takes multiples of 16; "
            "pad it to 208");
  EXPECT_EQ(checkTMAStride("D", 121, 2),
            "the row stride of D is 242 bytes, and TMA takes multiples of 16; "
            "pad it to 128 elements");
}

TEST(SM90, WgmmaAndSetMaxReg) {
  EXPECT_EQ(checkWgmmaN(8), "");
  EXPECT_EQ(checkWgmmaN(256), "");
  EXPECT_EQ(checkWgmmaN(100), "wgmma takes an n that is a multiple of 8 from "
                              "8 to 256, not 100");
  EXPECT_EQ(checkSetMaxReg(40), "");
  EXPECT_EQ(checkSetMaxReg(20),
            "setmaxnreg takes multiples of 8 from 24 to 256, not 20");
}
