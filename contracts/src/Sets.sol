// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.31;

import {Keys} from "./Keys.sol";

/// An attester set's head in memory, as its code begins:
///
///     0     00, which keeps the code from being run
///     1     how many bytes a power has
///     2     how many attesters there are, 2 bytes
///     4     epoch, 8 bytes
///     12    time, 8 bytes
///     20    total power, 8 bytes
///     28    power of all attesters, 8 bytes
///     36    the set's hash
///     68    address of the base
///     88    address of the code of the set before, or zero
///     108   whose keys are not those of the base: bit i is the i-th attester's
///     140   the sum of all keys, negated: x ‖ y, 48 bytes each
///     236   powers, in the set's order; then the keys that are not those of the base, the last attester's first
///
/// A certificate that all attesters signed needs the head and nothing else.
type Head is uint256;

using Sets for Head global;

library Sets {
    uint256 internal constant HEAD = 236;
    /// What the code of a contract may be, EIP-170.
    uint256 internal constant MOST_CODE = 24576;

    /// Reads the head of a set's code.
    function load(address code) internal view returns (Head h) {
        assembly ("memory-safe") {
            h := mload(0x40)
            mstore(0x40, add(h, 256))
            extcodecopy(code, h, 0, HEAD)
        }
    }

    /// Reads a number that ends before the given offset.
    function field(Head h, uint256 end, uint256 mask) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := and(mload(sub(add(h, end), 32)), mask)
        }
    }

    function width(Head h) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(1, mload(h))
        }
    }

    function count(Head h) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := and(shr(224, mload(h)), 0xffff)
        }
    }

    function epoch(Head h) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := and(shr(160, mload(h)), 0xffffffffffffffff)
        }
    }

    function time(Head h) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := and(shr(96, mload(h)), 0xffffffffffffffff)
        }
    }

    function total(Head h) internal pure returns (uint64 value) {
        assembly ("memory-safe") {
            value := and(shr(32, mload(h)), 0xffffffffffffffff)
        }
    }

    function power(Head h) internal pure returns (uint256) {
        return field(h, 36, type(uint64).max);
    }

    function setHash(Head h) internal pure returns (bytes32) {
        return bytes32(field(h, 68, type(uint256).max));
    }

    function base(Head h) internal pure returns (address) {
        return address(uint160(field(h, 88, type(uint160).max)));
    }

    function previous(Head h) internal pure returns (address) {
        return address(uint160(field(h, 108, type(uint160).max)));
    }

    function differs(Head h) internal pure returns (uint256) {
        return field(h, 140, type(uint256).max);
    }

    /// Copies the negated sum of all keys, as EIP-2537 has points, to 128 bytes of memory.
    function copySum(Head h, uint256 to) internal pure {
        assembly ("memory-safe") {
            mstore(to, 0)
            mcopy(add(to, 16), add(h, 140), 48)
            mstore(add(to, 64), 0)
            mcopy(add(to, 80), add(h, 188), 48)
        }
    }

    /// Where in a set's code its own keys begin.
    function keysAt(Head h) internal pure returns (uint256) {
        return HEAD + h.width() * h.count();
    }

    /// How many bits are set.
    function bits(uint256 x) internal pure returns (uint256 n) {
        unchecked {
            x -= (x >> 1) & (type(uint256).max / 3);
            x = (x & (type(uint256).max / 5)) + ((x >> 2) & (type(uint256).max / 5));
            x = (x + (x >> 4)) & (type(uint256).max / 17);
            // sums of bytes: up to 256, which a byte does not hold, but two do
            x = (x & (type(uint256).max / 257)) + ((x >> 8) & (type(uint256).max / 257));
            return (x * (type(uint256).max / 65535)) >> 240;
        }
    }

    /// Bits 0 … n − 1, of at most 256.
    function first(uint256 n) internal pure returns (uint256) {
        unchecked {
            return (1 << n) - 1; // of 256 the shift leaves 0
        }
    }

    /// Copies all keys of a set to memory, 96 bytes each: those of the base, then over them the set's own.
    function copyKeys(Head h, address code, uint256 to) internal view {
        uint256 n = h.count();
        address from = h.base();
        uint256 rest = h.differs();
        uint256 ptr = h.keysAt();
        assembly ("memory-safe") {
            extcodecopy(from, to, 0, mul(96, n))
            for {} rest {} {
                let i := sub(255, clz(rest))
                rest := xor(rest, shl(i, 1))
                extcodecopy(code, add(to, mul(96, i)), ptr, 96)
                ptr := add(ptr, 96)
            }
        }
    }

    /// Copies all powers of a set to memory, 8 bytes each, and returns how many bytes that is. Up to 32 bytes after them are written.
    function copyPowers(Head h, address code, uint256 to) internal view returns (uint256 size) {
        uint256 n = h.count();
        uint256 bytesEach = h.width();
        assembly ("memory-safe") {
            size := mul(8, n)
            let packed := add(add(to, size), 32)
            extcodecopy(code, packed, HEAD, mul(bytesEach, n))
            for { let i := 0 } lt(i, n) { i := add(i, 1) } {
                let value := shr(sub(256, mul(8, bytesEach)), mload(add(packed, mul(i, bytesEach))))
                mstore(add(to, mul(8, i)), shl(192, value))
            }
        }
    }
}
