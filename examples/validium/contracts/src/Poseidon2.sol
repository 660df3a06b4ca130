// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Poseidon2 over the scalar field of BLS12-381, two scalars to one
/// @notice Width 2, 6 full and 50 partial rounds, x^5, with the right scalar added to the second output: what the circuit
/// and package ledger compute. Round constants are a chain of Keccak-256 from the name of the parameters.
library Poseidon2 {
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes32 private constant SEED = keccak256("Poseidon2-BLS12_381[t=2,rF=6,rP=50,d=5]");
    uint256 private constant HALF = 3;
    uint256 private constant PARTIAL = 50;

    function hash(uint256 left, uint256 right) internal pure returns (uint256) {
        uint256 a = addmod(addmod(left, left, R), right, R);
        uint256 b = addmod(addmod(right, right, R), left, R);
        bytes32 c = SEED;
        (a, b, c) = _full(a, b, c);
        for (uint256 i = 0; i < PARTIAL; ++i) {
            c = _next(c);
            a = _power(addmod(a, uint256(c), R));
            uint256 sum = addmod(a, b, R);
            (a, b) = (addmod(a, sum, R), addmod(addmod(b, b, R), sum, R));
        }
        (a, b, c) = _full(a, b, c);
        return addmod(b, right, R);
    }

    /// The root over a node, at an index among its kind, with these siblings.
    function climb(uint256 node, uint256 index, uint256[] calldata path) internal pure returns (uint256) {
        for (uint256 i = 0; i < path.length; ++i) {
            node = index & 1 == 0 ? hash(node, path[i]) : hash(path[i], node);
            index >>= 1;
        }
        return node;
    }

    function _full(uint256 a, uint256 b, bytes32 c) private pure returns (uint256, uint256, bytes32) {
        for (uint256 i = 0; i < HALF; ++i) {
            c = _next(c);
            a = _power(addmod(a, uint256(c), R));
            c = _next(c);
            b = _power(addmod(b, uint256(c), R));
            uint256 sum = addmod(a, b, R);
            (a, b) = (addmod(a, sum, R), addmod(b, sum, R));
        }
        return (a, b, c);
    }

    function _power(uint256 x) private pure returns (uint256) {
        uint256 y = mulmod(x, x, R);
        return mulmod(mulmod(y, y, R), x, R);
    }

    function _next(bytes32 c) private pure returns (bytes32 next) {
        assembly ("memory-safe") {
            mstore(0, c)
            next := keccak256(0, 32)
        }
    }
}
