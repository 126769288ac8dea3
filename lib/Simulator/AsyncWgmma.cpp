// The tensor core: executes a warpgroup's operations some time after issue.
#include "NumberFormats.h"
#include "Wgmma.h"

#include <bitset>

using namespace dgemm::sim;

namespace {
/// Collects one operand and notes the reads for every warp that makes them.
struct Fetch {
  Cluster &cluster;
  Cta &cta;
  const WgmmaOp &op;
  uint32_t group;
  uint64_t serial;
  // Rows of A and of B (columns of D) with bytes that nobody wrote.
  std::bitset<64> poisonA;
  std::bitset<256> poisonB;
  std::string source; // the first of those bytes

  Warp &member(uint32_t w) const { return *cta.warps[group * 4 + w]; }

  /// 16 bytes that `count` rows from `row` on depend on.
  const uint8_t *chunk(uint32_t address, bool isA, uint32_t row,
                       uint32_t count) {
    uint32_t warps = isA ? 1u << row / 16 : 15;
    if (address < kSharedBase || address + 16 > cta.shared.size())
      cluster.fault(HazardKind::OutOfBounds, &member(0), op.inst,
                    std::string("operand ") + (isA ? "A" : "B") +
                        " reaches shared byte " + std::to_string(address) +
                        " of " + std::to_string(cta.shared.size()));
    if (cluster.checking()) {
      const uint8_t *written = cta.sharedWritten.data() + address;
      if (const void *hole = memchr(written, 0, 16)) {
        for (uint32_t i = row; i < row + count; ++i)
          isA ? (void)poisonA.set(i) : (void)poisonB.set(i);
        if (source.empty()) {
          uint32_t at = address + (uint32_t)((const uint8_t *)hole - written);
          source = "shared byte " + std::to_string(at) + " (" +
                   cluster.sharedName(at) + ") of CTA " +
                   std::to_string(cta.rank) +
                   ", which was never written and which the wgmma of line " +
                   std::to_string(op.inst->line) + " reads";
        }
      }
      for (uint32_t w = 0; w < 4; ++w) {
        if (!(warps >> w & 1))
          continue;
        Accessor who{member(w).tensor, (uint32_t)serial + 1, &op.knows[w], true,
                     op.inst->line};
        Conflict conflict = cta.shadow->read(address, 16, who);
        if (conflict.kind)
          cluster.reportConflict(conflict, false, true, &member(w), op.inst,
                                 cta);
      }
    }
    return cta.shared.data() + address;
  }

  void operand(uint64_t bits, bool transposed, uint32_t rows, bool isA,
               uint8_t *out) {
    MatrixDescriptor desc(bits);
    if (!transposed) {
      for (uint32_t row = 0; row < rows; ++row)
        for (uint32_t k = 0; k < 32; k += 16)
          memcpy(out + row * 32 + k, chunk(desc.kMajor(row, k), isA, row, 1),
                 16);
      return;
    }
    for (uint32_t k = 0; k < 16; ++k)
      for (uint32_t row = 0; row < rows; row += 8) {
        const uint8_t *from = chunk(desc.mnMajor(row, k), isA, row, 8);
        for (uint32_t i = 0; i < 8; ++i)
          memcpy(out + (row + i) * 32 + k * 2, from + i * 2, 2);
      }
  }

  /// Marks the accumulators that depend on what nobody wrote.
  void spread(const WgmmaShape &shape) {
    const Ref *d = cluster.refs(*op.inst);
    uint32_t perColumns = shape.half ? 2 : 4; // registers per 8 columns
    for (uint32_t w = 0; w < 4; ++w) {
      Warp &warp = member(w);
      if (warp.poison.empty()) {
        if (poisonA.none() && poisonB.none())
          continue;
        warp.poison.assign(cluster.kernel.rows, 0);
      }
      if (!source.empty())
        warp.poisonSource = source;
      for (uint32_t i = 0; i < op.inst->numDst; ++i) {
        uint32_t j = i / perColumns, half = i % perColumns / (perColumns / 2);
        uint32_t lanes = 0;
        for (uint32_t l = 0; l < 32; ++l) {
          uint32_t column = j * 8 + l % 4 * 2;
          bool bad = poisonA[w * 16 + half * 8 + l / 4];
          bad |= shape.half ? poisonB[column] || poisonB[column + 1]
                            : poisonB[column + (i & 1)];
          lanes |= (uint32_t)bad << l;
        }
        uint32_t &row = warp.poison[d[i].row];
        row = (op.scaleD ? row : 0) | lanes;
      }
    }
  }

  /// The A fragment in registers: 4 words per lane.
  void registersA(uint8_t *out) {
    const Ref *s = cluster.refs(*op.inst) + op.inst->numDst;
    for (uint32_t w = 0; w < 4; ++w)
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t *v = lanes<uint32_t>(cluster, member(w), s[i]);
        uint32_t bad = member(w).poisoned(s[i]);
        for (uint32_t l = 0; l < 32; ++l) {
          uint32_t row = w * 16 + l / 4 + (i & 1) * 8;
          if (bad >> l & 1)
            poisonA.set(row);
          uint32_t byte = l % 4 * 4 + (i >> 1) * 16;
          memcpy(out + row * 32 + byte, &v[l], 4);
        }
      }
  }
};
} // namespace

uint64_t Cluster::wgmmaReady(Cta &cta, uint32_t group) {
  const Warpgroup &wg = cta.warpgroups[group];
  if (wg.ops.empty() || wg.ops.front().joined != 15)
    return ~0ull;
  return wg.ops.front().readyTime;
}

void Cluster::executeWgmma(Cta &cta, uint32_t group) {
  Warpgroup &wg = cta.warpgroups[group];
  WgmmaOp &op = wg.ops.front();
  WgmmaShape shape = WgmmaShape::unpack(op.inst->flags);
  uint32_t n = shape.n;
  Fetch fetch{*this, cta, op, group, wg.finished, {}, {}, {}};
  static thread_local std::vector<uint8_t> a(64 * 32), b(256 * 32);
  static thread_local std::vector<float> d(64 * 256);
  if (shape.registersA)
    fetch.registersA(a.data());
  else
    fetch.operand(op.descA, shape.transposeA, 64, true, a.data());
  fetch.operand(op.descB, shape.transposeB, n, false, b.data());
  if (check)
    fetch.spread(shape);
  // Fragments: two rows and two columns per 8 columns and lane.
  const Ref *r = refs(*op.inst);
  auto each = [&](auto body) {
    for (uint32_t w = 0; w < 4; ++w)
      for (uint32_t j = 0; j < n / 8; ++j)
        for (uint32_t half = 0; half < 2; ++half)
          body(fetch.member(w), w * 16 + half * 8, j, half);
  };
  if (op.scaleD)
    each([&](Warp &warp, uint32_t row, uint32_t j, uint32_t half) {
      if (shape.half) {
        const uint32_t *v = lanes<uint32_t>(warp, r[2 * j + half]);
        for (uint32_t l = 0; l < 32; ++l) {
          float *to = &d[(row + l / 4) * n + j * 8 + l % 4 * 2];
          to[0] = widen(v[l] & 0xffff, kHalf);
          to[1] = widen(v[l] >> 16, kHalf);
        }
        return;
      }
      const float *x = lanes<float>(warp, r[4 * j + 2 * half]);
      const float *y = lanes<float>(warp, r[4 * j + 2 * half + 1]);
      for (uint32_t l = 0; l < 32; ++l) {
        float *to = &d[(row + l / 4) * n + j * 8 + l % 4 * 2];
        to[0] = x[l];
        to[1] = y[l];
      }
    });
  multiplyStep(shape.a, shape.b, a.data(), b.data(), d.data(), 64, n, op.scaleD,
               shape.negateA, shape.negateB, shape.half);
  each([&](Warp &warp, uint32_t row, uint32_t j, uint32_t half) {
    if (shape.half) {
      uint32_t *v = lanes<uint32_t>(warp, r[2 * j + half]);
      for (uint32_t l = 0; l < 32; ++l) {
        const float *from = &d[(row + l / 4) * n + j * 8 + l % 4 * 2];
        v[l] = narrow(from[0], kHalf, Rounding::Nearest) |
               narrow(from[1], kHalf, Rounding::Nearest) << 16;
      }
      return;
    }
    float *x = lanes<float>(warp, r[4 * j + 2 * half]);
    float *y = lanes<float>(warp, r[4 * j + 2 * half + 1]);
    for (uint32_t l = 0; l < 32; ++l) {
      const float *from = &d[(row + l / 4) * n + j * 8 + l % 4 * 2];
      x[l] = from[0];
      y[l] = from[1];
    }
  });
  if (tracing)
    event("tensor core (warpgroup " + std::to_string(group) + ")",
          "m64n" + std::to_string(n), op.readyTime - 20 - n / 2,
          op.readyTime - 20, cta);
  wg.lastTime = op.readyTime;
  wg.ops.pop_front();
  ++wg.finished;
  progressed();
}
