// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.31;

/// Hashes 32 bytes to the curve of signatures, as RFC 9380 has it, in the suite
/// BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_, whose signers have proven possession of their keys.
library HashToG2 {
    /// The field's prime, of 381 bits, as 2²⁵⁶·P_HIGH + P_LOW.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    /// ⌊2⁵¹² / prime⌋
    uint256 private constant INVERSE = 0x9d835d2f3cc9e45ce28101b0cc7a6ba29;

    /// The suite's name and, in the last byte, its length: 44 bytes.
    bytes32 private constant SUITE_1 = 0x424c535f5349475f424c53313233383147325f584d443a5348412d3235365f53;
    bytes32 private constant SUITE_2 = 0x5357555f524f5f504f505f2b0000000000000000000000000000000000000000;

    /// How much memory `hash` works in.
    uint256 internal constant SCRATCH = 160 + 256 + 512;

    /// hash_to_curve, §3: writes a point, 256 bytes as EIP-2537 has it, to memory at `out`, and works at `scratch`.
    function hash(bytes32 message, uint256 out, uint256 scratch) internal view {
        uint256 elements = scratch + 160;
        expand(message, elements, scratch);
        unchecked {
            reduceAt(elements);
            reduceAt(elements + 64);
            reduceAt(elements + 128);
            reduceAt(elements + 192);
        }
        assembly ("memory-safe") {
            // The precompile clears the cofactor of each point. That is linear, so that their sum need not be cleared again.
            let points := add(elements, 256)
            let ok := staticcall(gas(), 0x11, elements, 128, points, 256)
            ok := and(staticcall(gas(), 0x11, add(elements, 128), 128, add(points, 256), 256), ok)
            ok := and(staticcall(gas(), 0x0d, points, 512, out, 256), ok)
            // Of these inputs they fail only if gas ran out: going on would verify against another point.
            if iszero(ok) { revert(0, 0) }
        }
    }

    /// expand_message_xmd, §5.3.1, with SHA-256 and 256 bytes of output: two elements of the quadratic field, of 128 bytes each.
    function expand(bytes32 message, uint256 out, uint256 scratch) internal view {
        assembly ("memory-safe") {
            // 64 zeros ‖ message ‖ 0x0100, the output's length ‖ 0x00 ‖ suite
            mstore(scratch, 0)
            mstore(add(scratch, 32), 0)
            mstore(add(scratch, 64), message)
            mstore(add(scratch, 96), shl(248, 1))
            mstore(add(scratch, 99), SUITE_1)
            mstore(add(scratch, 131), SUITE_2)
            // This precompile refuses nothing, and who has no gas left for it has none for those that follow.
            pop(staticcall(gas(), 2, scratch, 143, 0, 32))
            let first := mload(0)
            // word ‖ counter ‖ suite: the suite stays where it is
            let block_ := add(scratch, 66)
            let word := first
            for { let i := 1 } lt(i, 9) { i := add(i, 1) } {
                mstore(block_, word)
                mstore8(add(block_, 32), i)
                pop(staticcall(gas(), 2, block_, 77, out, 32))
                word := xor(first, mload(out))
                out := add(out, 32)
            }
        }
    }

    /// Replaces the number of 64 bytes at a place in memory by its remainder, which EIP-2537 takes as a field element. Barrett's
    /// way: a quarter of what the modexp precompile costs.
    function reduceAt(uint256 ptr) internal pure {
        assembly ("memory-safe") {
            let high := mload(ptr)
            let low := mload(add(ptr, 32))
            // q = ⌊high·INVERSE / 2²⁵⁶⌋, at most 2 less than the quotient. The high word of a product is what it is modulo
            // 2²⁵⁶ − 1, less the low word.
            let m := mulmod(high, INVERSE, not(0))
            let l := mul(high, INVERSE)
            let q := sub(sub(m, l), lt(m, l))
            // the number, less q·prime: what is above 2⁵¹² cancels
            m := mulmod(q, P_LOW, not(0))
            l := mul(q, P_LOW)
            high := sub(sub(high, add(mul(q, P_HIGH), sub(sub(m, l), lt(m, l)))), gt(l, low))
            low := sub(low, l)
            for {} 1 {} {
                let less := sub(sub(high, P_HIGH), lt(low, P_LOW))
                if shr(255, less) { break } // below zero
                high := less
                low := sub(low, P_LOW)
            }
            mstore(ptr, high)
            mstore(add(ptr, 32), low)
        }
    }
}
