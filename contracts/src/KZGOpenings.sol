// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Openings of rows by the point-evaluation precompile of EIP-4844
/// @notice A row is 4096 scalars, the values of a polynomial at the 4096th roots of unity in bit-reversed order, and its
/// versioned hash names the commitment to that polynomial. One element is one call of the precompile, at its own root.
/// Several, of an aligned group of a power of two (a cell is such a group of 64), are two calls whatever their number:
/// with I the polynomial of least degree through the group's values and Z the one that vanishes on the group, the values
/// are the row's if and only if p − I is a multiple of Z. The prover commits to the quotient q (for a cell, that is its
/// EIP-7594 proof); a point z is derived from the row, the values and that commitment; the precompile vouches for p(z)
/// and q(z); and p(z) − I(z) = Z(z)·q(z) is computed here. Two different polynomials of degree below 4096 agree at such a
/// z with probability below 2^-240.
library KZGOpenings {
    uint256 internal constant MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    /// How many scalars a row has, and the logarithm.
    uint256 internal constant ROW = 4096;
    uint256 private constant ROW_BITS = 12;
    /// 7^((MODULUS − 1) / 4096): a root of unity of that order.
    uint256 private constant ROOT = 0x564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306;
    uint256 private constant POINT = 48;
    address private constant POINT_EVALUATION = address(0x0a);
    bytes32 private constant DOMAIN = keccak256("ashlar/opening/1");

    /// A group of elements is a power of two of them, from a multiple of that on.
    error WrongGroup(uint256 first, uint256 length);
    error NotInRow(uint256 index);
    error NotCanonical(uint256 value);
    /// Points are compressed, 48 bytes each, and as many as the function says.
    error WrongPoints(uint256 length, uint256 expected);
    /// The precompile refused a value: it is not the row's at this point, or the commitment is another row's.
    error WrongOpening(bytes32 versionedHash, uint256 z, uint256 y);
    /// The values of the group are not the row's.
    error WrongElements();

    /// Reverts unless a row has this value at this index.
    /// @param points the row's commitment and the proof of its value, 96 bytes
    function element(bytes32 versionedHash, uint256 index, uint256 value, bytes calldata points) internal view {
        if (index >= ROW) revert NotInRow(index);
        if (points.length != 2 * POINT) revert WrongPoints(points.length, 2 * POINT);
        _evaluate(versionedHash, _rootOf(index), value, points[:POINT], points[POINT:]);
    }

    /// Reverts unless a row has these values from an index on.
    /// @param evaluations the row's value at the challenge, and the quotient's
    /// @param points the commitments to row and quotient and the proofs of those values, 192 bytes
    function elements(bytes32 versionedHash, uint256 first, uint256[] calldata values, uint256[2] calldata evaluations, bytes calldata points)
        internal
        view
    {
        if (points.length != 4 * POINT) revert WrongPoints(points.length, 4 * POINT);
        uint256 z = challenge(versionedHash, first, values, points[POINT:2 * POINT]);
        _evaluate(versionedHash, z, evaluations[0], points[:POINT], points[2 * POINT:3 * POINT]);
        _evaluate(_versionedHash(points[POINT:2 * POINT]), z, evaluations[1], points[POINT:2 * POINT], points[3 * POINT:]);
        if (!_consistent(first, values, z, evaluations[0], evaluations[1])) revert WrongElements();
    }

    /// The point at which row and quotient are evaluated.
    function challenge(bytes32 versionedHash, uint256 first, uint256[] calldata values, bytes calldata quotient) internal pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(DOMAIN, versionedHash, first, values.length, values, quotient))) % MODULUS;
    }

    /// Whether p(z) − I(z) = Z(z)·q(z). In the barycentric form on the coset x_i = h·w^i of n elements, where
    /// Z(x) = x^n − h^n, that is n·h^n·(p(z) − Z(z)·q(z)) = Σ v_i·x_i·Π_{j≠i} (z − x_j): nothing is inverted.
    function _consistent(uint256 first, uint256[] calldata values, uint256 z, uint256 p, uint256 q) private pure returns (bool) {
        uint256 n = values.length;
        if (n == 0 || n > ROW || n & (n - 1) != 0 || first & (n - 1) != 0) revert WrongGroup(first, n);
        if (first >= ROW) revert NotInRow(first);
        uint256 h = _rootOf(first);
        uint256 step = ROOT;
        for (uint256 size = ROW; size > n; size >>= 1) step = mulmod(step, step, MODULUS);
        uint256 sum = _sum(values, z, h, step);
        uint256 hn = h;
        uint256 zn = z;
        for (uint256 size = n; size > 1; size >>= 1) (hn, zn) = (mulmod(hn, hn, MODULUS), mulmod(zn, zn, MODULUS));
        uint256 rest = addmod(p, MODULUS - mulmod(addmod(zn, MODULUS - hn, MODULUS), q, MODULUS), MODULUS);
        return mulmod(mulmod(n, hn, MODULUS), rest, MODULUS) == sum;
    }

    /// Σ v_i·x_i·Π_{j≠i} (z − x_j), as the numerator of a sum of fractions with denominators z − x_i.
    function _sum(uint256[] calldata values, uint256 z, uint256 x, uint256 step) private pure returns (uint256 sum) {
        uint256 product = 1;
        uint256 index;
        unchecked {
            for (uint256 i = 0; i < values.length; ++i) {
                uint256 value = values[index];
                if (value >= MODULUS) revert NotCanonical(value);
                uint256 d = addmod(z, MODULUS - x, MODULUS);
                sum = addmod(mulmod(sum, d, MODULUS), mulmod(mulmod(value, x, MODULUS), product, MODULUS), MODULUS);
                product = mulmod(product, d, MODULUS);
                x = mulmod(x, step, MODULUS);
                // the next index in bit-reversed order: add one from the high end
                uint256 bit = values.length >> 1;
                for (; index & bit != 0; bit >>= 1) index ^= bit;
                index |= bit;
            }
        }
    }

    /// The root of unity of an element: ROOT to the power of its index, the twelve bits reversed.
    function _rootOf(uint256 index) private pure returns (uint256 x) {
        x = 1;
        for (uint256 i = 0; i < ROW_BITS; ++i) {
            x = mulmod(x, x, MODULUS);
            if ((index >> i) & 1 == 1) x = mulmod(x, ROOT, MODULUS);
        }
    }

    function _evaluate(bytes32 versionedHash, uint256 z, uint256 y, bytes calldata commitment, bytes calldata proof) private view {
        (bool ok,) = POINT_EVALUATION.staticcall(abi.encodePacked(versionedHash, z, y, commitment, proof));
        if (!ok) revert WrongOpening(versionedHash, z, y);
    }

    function _versionedHash(bytes calldata commitment) private pure returns (bytes32) {
        return (sha256(commitment) & bytes32(type(uint256).max >> 8)) | bytes32(uint256(1) << 248);
    }
}
