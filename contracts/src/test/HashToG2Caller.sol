// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.31;

import {HashToG2} from "../HashToG2.sol";

/// Calls the library for tests, in memory that was written to before.
contract HashToG2Caller {
    function hash(bytes32 message) external view returns (bytes memory point) {
        point = new bytes(256);
        uint256 out;
        uint256 scratch;
        assembly ("memory-safe") {
            out := add(point, 32)
            scratch := mload(0x40)
            mstore(0x40, add(scratch, 1024))
            for { let i := 0 } lt(i, 1024) { i := add(i, 32) } { mstore(add(scratch, i), not(0)) }
        }
        HashToG2.hash(message, out, scratch);
    }

    /// Reduces a number of 64 bytes.
    function reduce(bytes32 high, bytes32 low) external pure returns (bytes32, bytes32) {
        uint256 ptr;
        assembly ("memory-safe") {
            ptr := mload(0x40)
            mstore(0x40, add(ptr, 64))
            mstore(ptr, high)
            mstore(add(ptr, 32), low)
        }
        HashToG2.reduceAt(ptr);
        assembly ("memory-safe") {
            high := mload(ptr)
            low := mload(add(ptr, 32))
        }
        return (high, low);
    }
}
