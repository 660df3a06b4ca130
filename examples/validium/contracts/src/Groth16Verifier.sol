// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Groth16 over BLS12-381, by the precompiles of EIP-2537
/// @notice Holds one verifying key, in the code of a contract that it makes. Points are as EIP-2537 writes them: 128 bytes in G1,
/// 256 in G2. The example's keys come from a DEVELOPMENT setup: whoever ran it could prove anything.
contract Groth16Verifier {
    uint256 private constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    uint256 private constant G1 = 128;
    uint256 private constant G2 = 256;
    address private constant G1_ADD = address(0x0b);
    address private constant G1_MSM = address(0x0c);
    address private constant PAIRING = address(0x0f);
    /// α, −β, −γ, −δ: where the points for the inputs begin, the first of which is for one.
    uint256 private constant FIXED = G1 + 3 * G2;

    /// How many public inputs there are.
    uint256 public immutable INPUTS;
    /// Whose code is a zero byte and the key.
    address private immutable KEY;

    error BadKey(uint256 length);
    error WrongInputs(uint256 length, uint256 expected);
    error NotCanonical(uint256 input);
    error ProofLength(uint256 length);
    /// A point of the proof is none of its group.
    error BadPoint();
    /// The proof does not prove this.
    error WrongProof();

    constructor(bytes memory key) {
        if (key.length < FIXED + 2 * G1 || (key.length - FIXED) % G1 != 0) revert BadKey(key.length);
        INPUTS = (key.length - FIXED) / G1 - 1;
        // codecopy(0, 11, size − 11), return: then the zero byte, so that nothing runs, and the key
        bytes memory code = bytes.concat(hex"600b380380600b5f395ff300", key);
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        if (made == address(0)) revert BadKey(key.length);
        KEY = made;
    }

    /// Reverts unless the proof, A ‖ B ‖ C, is of these inputs: e(A, B)·e(α, −β)·e(Σ inputs, −γ)·e(C, −δ) = 1.
    function verify(uint256[] calldata inputs, bytes calldata proof) external view {
        if (inputs.length != INPUTS) revert WrongInputs(inputs.length, INPUTS);
        if (proof.length != 2 * G1 + G2) revert ProofLength(proof.length);
        bytes memory fixedPart = _key(0, FIXED);
        bytes memory pairs = bytes.concat(
            proof[:G1 + G2],
            _slice(fixedPart, 0, G1 + G2),
            _sum(inputs),
            _slice(fixedPart, G1 + G2, G2),
            proof[G1 + G2:],
            _slice(fixedPart, G1 + 2 * G2, G2)
        );
        (bool ok, bytes memory one) = PAIRING.staticcall(pairs);
        if (!ok) revert BadPoint();
        if (abi.decode(one, (uint256)) != 1) revert WrongProof();
    }

    /// The first of the key's points, plus each other one times its input.
    function _sum(uint256[] calldata inputs) private view returns (bytes memory) {
        bytes memory terms;
        bytes memory points = _key(FIXED, (inputs.length + 1) * G1);
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (inputs[i] >= R) revert NotCanonical(inputs[i]);
            terms = bytes.concat(terms, _slice(points, (i + 1) * G1, G1), bytes32(inputs[i]));
        }
        (bool ok, bytes memory sum) = G1_MSM.staticcall(terms);
        if (!ok) revert BadPoint();
        (ok, sum) = G1_ADD.staticcall(bytes.concat(_slice(points, 0, G1), sum));
        if (!ok) revert BadPoint();
        return sum;
    }

    function _key(uint256 from, uint256 length) private view returns (bytes memory part) {
        part = new bytes(length);
        address key = KEY;
        assembly ("memory-safe") {
            extcodecopy(key, add(part, 32), add(from, 1), length)
        }
    }

    function _slice(bytes memory all, uint256 from, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(all, 32), from), length)
        }
    }
}
