// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.31;

import {IAshlarLightClient} from "./IAshlarLightClient.sol";

/// Attesters' keys, points of G1, as they are kept: x ‖ y, 96 bytes each, without the zeros that EIP-2537 has before each
/// coordinate and code would cost 200 gas a byte for. 256 of them are exactly what a contract's code may have, so that
/// there is no room for the byte 00 that usually keeps such code from being run. None is needed: the first byte of a
/// coordinate is at most 1a, and of the instructions up to 1a one stops and the others want operands, of which there are none.
library Keys {
    uint256 internal constant SIZE = 96;
    uint256 internal constant MOST = 256;

    /// The field's prime, of 381 bits, as 2²⁵⁶·P_HIGH + P_LOW.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// Code that returns what follows it, of a length of two bytes that is to be put at 1: PUSH2 length DUP1 PUSH1 10 PUSH0
    /// CODECOPY PUSH0 RETURN.
    uint256 private constant CREATOR = 0x61000080600a5f395ff3;
    uint256 private constant CREATOR_SIZE = 10;

    /// Writes the creator before what is in memory: the word before `data` must be free.
    function prefix(uint256 data, uint256 size) private pure {
        assembly ("memory-safe") {
            mstore(sub(data, 32), or(CREATOR, shl(56, size)))
        }
    }

    /// Makes a contract whose code is what is in memory. The word before it must be free.
    function create(uint256 data, uint256 size) internal returns (address made) {
        prefix(data, size);
        assembly ("memory-safe") {
            made := create(0, sub(data, CREATOR_SIZE), add(size, CREATOR_SIZE))
            if iszero(made) { revert(0, 0) } // gas ran out
        }
    }

    /// Where `stage` puts keys. It depends on nothing else, so that an address tells which keys lie there, and that nobody but
    /// this contract put them there: code of another creator may vanish at the end of the transaction.
    function place(uint256 data, uint256 size) internal view returns (address ptr) {
        prefix(data, size);
        bytes32 code;
        assembly ("memory-safe") {
            code := keccak256(sub(data, CREATOR_SIZE), add(size, CREATOR_SIZE))
        }
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), code)))));
    }

    /// Puts keys that are in memory into a contract, unless they are in one already. The word before them must be free.
    function stage(uint256 data, uint256 size) internal returns (address ptr) {
        if (size == 0 || size % SIZE != 0 || size / SIZE > MOST) revert IAshlarLightClient.BadKeys();
        ptr = place(data, size);
        if (ptr.code.length != 0) return ptr;
        check(data, size / SIZE, SIZE);
        assembly ("memory-safe") {
            ptr := create2(0, sub(data, CREATOR_SIZE), add(size, CREATOR_SIZE), 0)
            if iszero(ptr) { revert(0, 0) }
        }
    }

    /// Refuses unless all keys in memory, `stride` bytes from one to the next, are points of the subgroup other than infinity.
    /// That their owners have proven possession of them is the chain's to check.
    function check(uint256 data, uint256 count, uint256 stride) internal view {
        if (count == 0) return;
        bool ok = true;
        assembly ("memory-safe") {
            // Of the precompiles that take points of G1, the multiplication tells whether they are in the subgroup; the
            // addition does not. Multiplied by 1 and summed up: the sum is not needed.
            let input := mload(0x40)
            let ptr := input
            for { let end := add(data, mul(count, stride)) } lt(data, end) { data := add(data, stride) } {
                unpack(data, ptr)
                ok := and(ok, iszero(iszero(or(or(mload(ptr), mload(add(ptr, 32))), or(mload(add(ptr, 64)), mload(add(ptr, 96)))))))
                mstore(add(ptr, 128), 1)
                ptr := add(ptr, 160)
            }
            ok := and(staticcall(gas(), 0x0c, input, sub(ptr, input), 0, 0), ok)

            function unpack(from, to) {
                mstore(to, 0)
                mcopy(add(to, 16), from, 48)
                mstore(add(to, 64), 0)
                mcopy(add(to, 80), add(from, 48), 48)
            }
        }
        if (!ok) revert IAshlarLightClient.BadKey();
    }

    /// Writes infinity, which sums start from, to 128 bytes of memory: what was reserved may have been worked in before.
    function clear(uint256 point) internal pure {
        assembly ("memory-safe") {
            calldatacopy(point, calldatasize(), 128)
        }
    }

    /// Negates a point in memory, of 128 bytes.
    function negate(uint256 point) internal pure {
        assembly ("memory-safe") {
            let high := mload(add(point, 64))
            let low := mload(add(point, 96))
            if or(high, low) {
                // of infinity alone y is 0; the prime less y
                mstore(add(point, 64), sub(sub(P_HIGH, high), gt(low, P_LOW)))
                mstore(add(point, 96), sub(P_LOW, low))
            }
        }
    }

    /// Adds the key at `key`, in memory, to the point at `sum`, of 128 bytes. 128 bytes after it are worked in.
    function add(uint256 sum, uint256 key) internal view {
        assembly ("memory-safe") {
            mstore(add(sum, 128), 0)
            mcopy(add(sum, 144), key, 48)
            mstore(add(sum, 192), 0)
            mcopy(add(sum, 208), add(key, 48), 48)
            if iszero(staticcall(gas(), 0x0b, sum, 256, sum, 128)) { revert(0, 0) }
        }
    }
}
