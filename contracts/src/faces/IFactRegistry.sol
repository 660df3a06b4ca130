// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Where contracts written for StarkWare's fact registries ask whether a fact was shown.
interface IFactRegistry {
    function isValid(bytes32 fact) external view returns (bool);
}

interface IQueryableFactRegistry is IFactRegistry {
    /// Whether any fact was ever registered.
    function hasRegisteredFact() external view returns (bool);
}

interface Identity {
    /// A name that a deployment can check its configuration by.
    function identify() external pure returns (string memory);
}
