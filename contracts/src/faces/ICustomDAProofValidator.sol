// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Where Arbitrum Nitro's one-step prover asks about batches that another data availability layer has. A certificate is what
/// the batch poster puts on Ethereum in place of the batch.
interface ICustomDAProofValidator {
    /// The bytes of a batch from an offset on: 32, or as many as are left.
    /// @param certHash Keccak-256 of the certificate, which the machine that is proven has
    /// @param offset which the machine has
    /// @param proof length of the certificate in 8 bytes, certificate, and what the provider proves with
    function validateReadPreimage(bytes32 certHash, uint256 offset, bytes calldata proof) external view returns (bytes memory preimageChunk);

    /// Whether a certificate is valid. The prover compares that with what was claimed, and reverts where they differ: false is
    /// therefore as strong as true, and has to be proven as well. Where neither is, the function reverts.
    /// @param proof length of the certificate in 8 bytes, certificate, the claim in one, and what the provider proves with
    function validateCertificate(bytes calldata proof) external view returns (bool isValid);
}
