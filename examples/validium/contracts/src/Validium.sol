// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AshlarBlobs, Place} from "@ashlar/AshlarBlobs.sol";
import {IAshlarLightClient} from "@ashlar/IAshlarLightClient.sol";
import {KZGOpenings} from "@ashlar/KZGOpenings.sol";
import {Groth16Verifier} from "./Groth16Verifier.sol";
import {Poseidon2} from "./Poseidon2.sol";

/// What a batch claims, beside what the contract knows.
struct Batch {
    uint256 newRoot;
    /// How many deposits the state has after it.
    uint64 deposits;
    /// The account whose asked-for exit the batch's first transfer is, or zero.
    uint16 exits;
    /// The circuit's commitment to the batch's data.
    uint256 digest;
    bytes proof;
}

/// The value y of a blob's polynomial at the point that its versioned hash and the digest result in.
struct Evaluation {
    uint256 y;
    bytes commitment;
    bytes proof;
}

/// Where on Ashlar a blob was posted, in the validium's namespace and one row long.
struct Posted {
    bytes32 versionedHash;
    bytes32 dataKeccak;
    bytes32 historyRoot;
    Place place;
    bytes32[] tree;
}

struct Account {
    uint256 x;
    uint256 y;
    address owner;
    uint64 balance;
    uint32 nonce;
}

/// @title A validium of ether, an example
/// @notice Its state is a Merkle tree of accounts that this contract knows the root of. The root moves only by a batch whose
/// validity is proven and whose data is available: attested by Ashlar, or carried by a blob transaction, as the operator chooses
/// batch by batch. Nobody owns it, nobody can change it. What is proven was set up by a DEVELOPMENT setup.
contract Validium {
    uint256 private constant R = Poseidon2.R;
    uint256 private constant GWEI = 1 gwei;
    uint256 private constant OWNER_BITS = 160;
    uint256 private constant BALANCE_BITS = 64;
    uint256 private constant NONCE_BITS = 30;
    /// How long, in seconds, nodes of Ethereum have to keep blobs: 4096 epochs of 32 slots (EIP-7594's
    /// MIN_EPOCHS_FOR_DATA_COLUMN_SIDECARS_REQUESTS).
    uint64 public constant BLOB_RETENTION = 4096 * 32 * 12;
    /// Scalars of a blob.
    uint256 private constant ROW = 4096;
    /// Scalars of a batch before its deposits.
    uint256 private constant HEADER = 3;
    /// Scalars of an account.
    uint256 private constant ACCOUNT = 3;
    uint256 private constant SCALAR = 32;
    /// The encoding of blobs whose bytes are scalars of 32 bytes (da/SPEC.md §3).
    uint8 private constant RAW = 1;

    AshlarBlobs public immutable BLOBS;
    IAshlarLightClient public immutable CLIENT;
    Groth16Verifier public immutable BATCHES;
    Groth16Verifier public immutable CHECKPOINTS;
    address public immutable OPERATOR;
    bytes29 public immutable NAMESPACE;
    /// How long the network keeps data, in seconds.
    uint64 public immutable RETENTION;
    /// How long the operator may be silent, in seconds, before anyone may freeze.
    uint64 public immutable PATIENCE;
    /// How long the operator has to serve an exit that was asked for, in seconds, before anyone may freeze: GRACE if no batch has to
    /// come before, and PACE more for each that has to.
    uint64 public immutable GRACE;
    uint64 public immutable PACE;
    /// The least deposit, and what asking for an exit costs, in gwei: each takes up work of the operator's.
    uint64 public immutable MIN_DEPOSIT;
    uint64 public immutable EXIT_FEE;
    /// What happens when the light client has expired: anyone may freeze at once, or the operator goes on with blobs of Ethereum.
    bool public immutable FREEZE_ON_EXPIRY;
    uint256 public immutable DEPTH;
    uint256 public immutable SLICE_DEPTH;
    uint256 public immutable DEPOSIT_SLOTS;
    uint256 public immutable TRANSFER_SLOTS;

    struct Parameters {
        AshlarBlobs blobs;
        Groth16Verifier batches;
        Groth16Verifier checkpoints;
        address operator;
        bytes29 namespace;
        uint64 retention;
        uint64 patience;
        uint64 grace;
        uint64 pace;
        uint64 minDeposit;
        uint64 exitFee;
        bool freezeOnExpiry;
        uint8 depth;
        uint8 sliceDepth;
        uint8 depositSlots;
        uint8 transferSlots;
        uint256 genesisRoot;
    }

    uint256 public root;
    /// When the operator was last heard of.
    uint64 public heard;
    bool public frozen;

    /// Batches so far, and each one's versioned hash.
    uint64 public batches;
    mapping(uint256 batch => bytes32) public batchBlob;

    /// The oldest data of the newest whole checkpoint: its time, and its height, or the greatest number if it is not on Ashlar.
    uint64 public checkpointTime;
    uint64 public checkpointHeight;
    /// The checkpoint in the making: of which root, how many slices, and the oldest of them.
    uint256 private makingRoot;
    uint64 private makingSlices;
    uint64 private makingTime;
    uint64 private makingHeight;

    /// Deposits made, and those that are in the state.
    uint64 public deposited;
    uint64 public deposits;
    /// Exits asked for and not served.
    uint64 public asked;
    mapping(uint256 deposit => address) public ownerOf;
    mapping(uint256 deposit => uint64) public amountOf;
    /// The chain of the first n deposits' leaves.
    mapping(uint256 n => uint256) public queue;

    /// Until when an account's exit is to be served, zero if none was asked for, or it was.
    mapping(uint256 account => uint64) public exitDue;

    mapping(uint256 account => bool) public exited;
    mapping(uint256 deposit => bool) public reclaimed;
    mapping(uint256 batch => mapping(uint256 slot => bool)) public withdrawn;

    event Deposited(uint64 indexed deposit, address indexed owner, uint64 amount, uint256 x, uint256 y);
    event Moved(uint64 indexed batch, uint256 root, bytes32 versionedHash, bool ethereum);
    event Checkpointed(uint256 root, uint64 time, uint64 height);
    event ExitAsked(uint256 indexed account, uint64 due);
    event ExitServed(uint256 indexed account);
    event Frozen(uint256 root);
    event Paid(address indexed owner, uint256 amount);

    error BadParameters();
    /// Ethereum does not keep blobs for as long as the retention says that data is there.
    error RetentionTooLong(uint64 retention, uint64 most);
    error NotOperator(address sender);
    error IsFrozen();
    error NotFrozen();
    error StillPatient(uint64 until);
    error BadDeposit();
    error DepositTooSmall(uint256 amount, uint64 least);
    error NotOwner(uint256 account, address sender);
    error WrongFee(uint256 paid, uint256 fee);
    error AlreadyAsked(uint64 due);
    error NotAsked(uint256 account);
    /// The account has money: a batch has to take it out.
    error HasBalance(uint64 balance);
    error Full();
    /// A checkpoint of the state, all of it available, comes first; the newest is older than half the retention, or there is none.
    error CheckpointTooOld(uint64 time);
    /// Slices come in order, all of the current root.
    error WrongSlice(uint256 slice, uint256 expected);
    error UnknownDeposits(uint64 deposits, uint64 deposited);
    error NothingMoved();
    /// The data may be gone before an exit needs it: it was published before the checkpoint, or too long ago.
    error DataTooOld(uint64 height);
    /// The transaction carries no such blob.
    error NoBlob(uint256 index);
    /// The blob is not the data that was proven.
    error WrongBlob(bytes32 versionedHash);
    error NotInState(uint256 computed, uint256 root);
    /// A number is not in the one form that the circuit has it in.
    error NotCanonical(uint256 value);
    error AlreadyPaid();
    error NoSuchBatch(uint256 batch);
    error NoSuchSlot(uint256 slot);
    error PaymentFailed();

    modifier live() {
        if (frozen) revert IsFrozen();
        _;
    }

    modifier byOperator() {
        if (msg.sender != OPERATOR) revert NotOperator(msg.sender);
        _;
    }

    constructor(Parameters memory p) {
        // half of the retention may have passed for the checkpoint; a quarter is what whoever freezes needs to read the data
        if (p.patience == 0 || p.patience > p.retention / 4 || p.grace == 0 || p.grace > p.retention) revert BadParameters();
        // a batch may be under way when an exit is asked for, which the next one takes
        if (p.pace == 0 || p.pace > p.grace / 2) revert BadParameters();
        if (p.retention > BLOB_RETENTION) revert RetentionTooLong(p.retention, BLOB_RETENTION);
        if (p.sliceDepth > p.depth || p.depth > 16 || p.minDeposit == 0) revert BadParameters();
        if (HEADER + ACCOUNT * p.depositSlots + p.transferSlots > ROW || p.transferSlots == 0 || p.depositSlots == 0) revert BadParameters();
        if (HEADER + p.depth - p.sliceDepth + (ACCOUNT << p.sliceDepth) > ROW) revert BadParameters();
        if (p.batches.INPUTS() != 10 || p.checkpoints.INPUTS() != 4 || p.genesisRoot >= R || domain() >= R) revert BadParameters();
        BLOBS = p.blobs;
        CLIENT = p.blobs.CLIENT();
        BATCHES = p.batches;
        CHECKPOINTS = p.checkpoints;
        OPERATOR = p.operator;
        NAMESPACE = p.namespace;
        RETENTION = p.retention;
        PATIENCE = p.patience;
        GRACE = p.grace;
        PACE = p.pace;
        MIN_DEPOSIT = p.minDeposit;
        EXIT_FEE = p.exitFee;
        FREEZE_ON_EXPIRY = p.freezeOnExpiry;
        DEPTH = p.depth;
        SLICE_DEPTH = p.sliceDepth;
        DEPOSIT_SLOTS = p.depositSlots;
        TRANSFER_SLOTS = p.transferSlots;
        root = p.genesisRoot;
        heard = uint64(block.timestamp);
    }

    /// What transfers are signed for.
    function domain() public view returns (uint256) {
        return (block.chainid << OWNER_BITS) | uint160(address(this));
    }

    // Deposits.

    /// Opens the next account, with a key for transfers. The money is the sender's to take out.
    function deposit(uint256 x, uint256 y) external payable live {
        uint256 amount = msg.value / GWEI;
        if (amount > type(uint64).max || msg.value % GWEI != 0 || x >= R || y >= R) revert BadDeposit();
        if (amount < MIN_DEPOSIT) revert DepositTooSmall(amount, MIN_DEPOSIT);
        uint64 n = deposited;
        if (n + 1 >= 1 << DEPTH) revert Full();
        ownerOf[n] = msg.sender;
        amountOf[n] = uint64(amount);
        queue[n + 1] = Poseidon2.hash(queue[n], _leaf(Account(x, y, msg.sender, uint64(amount), 0)));
        deposited = n + 1;
        emit Deposited(n, msg.sender, uint64(amount), x, y);
    }

    // Who is not served.

    /// Asks for all that an account has, or what a deposit that is not in the state yet opens: the next batches have to take it
    /// out, without a signature of the account's key, or the validium freezes. Who asks late waits for those who asked before, so
    /// that no crowd asks for more than an operator can serve who lands a batch every PACE. For its owner alone, and for a fee, which
    /// goes to whoever serves, or back if nobody does.
    function askExit(uint256 account) external payable live {
        if (account == 0 || account > deposited || ownerOf[account - 1] != msg.sender) revert NotOwner(account, msg.sender);
        if (msg.value != EXIT_FEE * GWEI) revert WrongFee(msg.value, EXIT_FEE * GWEI);
        if (exitDue[account] != 0) revert AlreadyAsked(exitDue[account]);
        ++asked;
        exitDue[account] = uint64(block.timestamp) + GRACE + PACE * _batchesUntil(account);
        emit ExitAsked(account, exitDue[account]);
    }

    /// In how many batches an account's exit, the last one asked for, can be served at the latest: one batch serves one exit, and those
    /// before bring its deposit into the state, if that is still to come.
    function _batchesUntil(uint256 account) private view returns (uint64 needed) {
        needed = asked;
        if (account > deposits) needed += uint64((account - deposits + DEPOSIT_SLOTS - 1) / DEPOSIT_SLOTS);
    }

    /// Shows that an account whose exit was asked for has nothing: nothing is to be taken out.
    function showEmpty(uint256 index, Account calldata account, uint256[] calldata path) external live {
        if (account.balance != 0) revert HasBalance(account.balance);
        _requireAccount(index, account, path);
        _served(index);
        _pay(msg.sender, EXIT_FEE);
    }

    /// Anyone may: once an exit was not served in time.
    function freezeIgnored(uint256 account) external live {
        uint64 due = exitDue[account];
        if (due == 0) revert NotAsked(account);
        if (block.timestamp <= due) revert StillPatient(due);
        _freeze();
    }

    // The operator: with data on Ashlar, or on Ethereum. What follows is the same.

    function update(Batch calldata batch, Evaluation calldata evaluation, Posted calldata posted) external {
        uint256 size = SCALAR * (HEADER + ACCOUNT * DEPOSIT_SLOTS + TRANSFER_SLOTS);
        (uint64 newest, uint64 time) = _requirePosted(posted, size);
        bool young = newest == posted.place.height && block.timestamp < uint256(time) + RETENTION / 2;
        if (!young && posted.place.height < checkpointHeight) revert DataTooOld(posted.place.height);
        _update(batch, evaluation, posted.versionedHash, false);
    }

    function updateByBlob(Batch calldata batch, Evaluation calldata evaluation, uint256 index) external {
        _update(batch, evaluation, _blobhash(index), true);
    }

    function checkpoint(uint256 slice, bytes calldata proof, Evaluation calldata evaluation, Posted calldata posted) external {
        uint256 size = SCALAR * (HEADER + DEPTH - SLICE_DEPTH + (ACCOUNT << SLICE_DEPTH));
        (uint64 newest, uint64 time) = _requirePosted(posted, size);
        if (newest != posted.place.height) revert DataTooOld(posted.place.height);
        _checkpoint(slice, proof, evaluation, posted.versionedHash, time, posted.place.height);
    }

    function checkpointByBlob(uint256 slice, bytes calldata proof, Evaluation calldata evaluation, uint256 index) external {
        _checkpoint(slice, proof, evaluation, _blobhash(index), uint64(block.timestamp), type(uint64).max);
    }

    // When the operator is gone.

    /// Anyone may: once the operator was silent for too long, or the light client expired in a validium that then freezes.
    function freeze() external live {
        bool expired = FREEZE_ON_EXPIRY && CLIENT.expired();
        if (!expired && block.timestamp <= uint256(heard) + PATIENCE) revert StillPatient(heard + PATIENCE);
        _freeze();
    }

    /// Pays an account out, to its owner, by its place in the state.
    function exit(uint256 index, Account calldata account, uint256[] calldata path) external {
        if (!frozen) revert NotFrozen();
        _requireAccount(index, account, path);
        if (exited[index]) revert AlreadyPaid();
        exited[index] = true;
        _pay(account.owner, account.balance + _feeBack(index));
    }

    /// Pays a deposit back that never came into the state.
    function reclaim(uint64 number) external {
        if (!frozen) revert NotFrozen();
        if (number < deposits || number >= deposited) revert UnknownDeposits(number, deposited);
        if (reclaimed[number]) revert AlreadyPaid();
        reclaimed[number] = true;
        _pay(ownerOf[number], amountOf[number] + _feeBack(number + 1));
    }

    /// Pays what a transfer to account 0 took out of the state, by opening the one scalar of the batch's blob that says so.
    /// @param points commitment of the blob, and proof of the scalar
    function withdraw(uint256 batch, uint256 slot, uint16 from, uint64 amount, bytes calldata points) external {
        bytes32 versionedHash = batchBlob[batch];
        if (versionedHash == 0) revert NoSuchBatch(batch);
        if (slot >= TRANSFER_SLOTS || from == 0) revert NoSuchSlot(slot);
        KZGOpenings.element(versionedHash, HEADER + ACCOUNT * DEPOSIT_SLOTS + slot, (uint256(amount) << 32) | from, points);
        if (withdrawn[batch][slot]) revert AlreadyPaid();
        withdrawn[batch][slot] = true;
        _pay(ownerOf[from - 1], amount);
    }

    // What all paths share.

    function _update(Batch calldata batch, Evaluation calldata evaluation, bytes32 versionedHash, bool ethereum) private live byOperator {
        if (block.timestamp >= uint256(checkpointTime) + RETENTION / 2) revert CheckpointTooOld(checkpointTime);
        if (batch.deposits < deposits || batch.deposits > deposited) revert UnknownDeposits(batch.deposits, deposited);
        if (batch.newRoot == root) revert NothingMoved();
        uint256[] memory inputs = new uint256[](10);
        (inputs[0], inputs[1]) = (root, batch.newRoot);
        (inputs[2], inputs[3], inputs[4]) = (queue[deposits], queue[batch.deposits], deposits);
        (inputs[5], inputs[6]) = (domain(), batch.digest);
        (inputs[7], inputs[8]) = (_requireBlob(versionedHash, batch.digest, evaluation), evaluation.y);
        inputs[9] = batch.exits;
        BATCHES.verify(inputs, batch.proof);
        root = batch.newRoot;
        deposits = batch.deposits;
        heard = uint64(block.timestamp);
        uint64 number = ++batches;
        batchBlob[number] = versionedHash;
        emit Moved(number, batch.newRoot, versionedHash, ethereum);
        if (batch.exits == 0) return;
        _served(batch.exits);
        _pay(msg.sender, EXIT_FEE);
    }

    function _checkpoint(uint256 slice, bytes calldata proof, Evaluation calldata evaluation, bytes32 versionedHash, uint64 time, uint64 height)
        private
        live
        byOperator
    {
        uint256 expected = makingRoot == root ? makingSlices : 0;
        if (slice != expected && slice != 0) revert WrongSlice(slice, expected);
        uint256[] memory inputs = new uint256[](4);
        (inputs[0], inputs[1]) = (root, slice);
        (inputs[2], inputs[3]) = (_requireBlob(versionedHash, Poseidon2.hash(root, slice), evaluation), evaluation.y);
        CHECKPOINTS.verify(inputs, proof);
        if (slice == 0) (makingRoot, makingTime, makingHeight) = (root, time, height);
        if (time < makingTime) makingTime = time;
        if (height < makingHeight) makingHeight = height;
        makingSlices = uint64(slice) + 1;
        // accounts are taken in order, from 1: those of later slices are empty
        if (makingSlices <= deposits >> SLICE_DEPTH) return;
        if (makingTime < checkpointTime) revert DataTooOld(makingHeight);
        (checkpointTime, checkpointHeight) = (makingTime, makingHeight);
        if (makingTime > heard) heard = makingTime; // not now: or one checkpoint, shown again and again, would outlive its data
        makingRoot = R; // no root: what comes next begins anew
        emit Checkpointed(root, checkpointTime, checkpointHeight);
    }

    /// Draws z, and reverts unless the blob's polynomial is y there.
    function _requireBlob(bytes32 versionedHash, uint256 digest, Evaluation calldata e) private view returns (uint256 z) {
        z = uint256(keccak256(abi.encode(versionedHash, digest))) % R;
        (bool ok,) = address(0x0a).staticcall(abi.encodePacked(versionedHash, z, e.y, e.commitment, e.proof));
        if (!ok) revert WrongBlob(versionedHash);
    }

    function _requirePosted(Posted calldata p, uint256 size) private view returns (uint64 newest, uint64 time) {
        bytes32 versioned = keccak256(abi.encode(p.versionedHash));
        bytes32 blobId = keccak256(abi.encode(uint8(1), NAMESPACE, RAW, p.dataKeccak, versioned, size));
        BLOBS.requireBlob(p.historyRoot, p.place, blobId, p.tree);
        return CLIENT.attested(p.historyRoot);
    }

    function _blobhash(uint256 index) private view returns (bytes32 versionedHash) {
        versionedHash = blobhash(index);
        if (versionedHash == 0) revert NoBlob(index);
    }

    function _freeze() private {
        frozen = true;
        emit Frozen(root);
    }

    /// Nothing is owed any more to whoever asked.
    function _served(uint256 account) private {
        if (exitDue[account] == 0) revert NotAsked(account);
        exitDue[account] = 0;
        --asked;
        emit ExitServed(account);
    }

    /// What was paid for an exit that was never served, in gwei.
    function _feeBack(uint256 account) private returns (uint256) {
        if (exitDue[account] == 0) return 0;
        exitDue[account] = 0;
        return EXIT_FEE;
    }

    /// Refuses unless an account is in the state at an index. Scalars are added and hashed modulo R: of each number exactly one form may
    /// pass, or what stands in the bits of the others would be somebody else's owner and balance.
    function _requireAccount(uint256 index, Account calldata account, uint256[] calldata path) private view {
        if (index == 0 || index >> DEPTH != 0 || path.length != DEPTH) revert NotInState(0, root);
        if (account.x >= R) revert NotCanonical(account.x);
        if (account.y >= R) revert NotCanonical(account.y);
        if (account.nonce >> NONCE_BITS != 0) revert NotCanonical(account.nonce);
        for (uint256 i = 0; i < path.length; ++i) {
            if (path[i] >= R) revert NotCanonical(path[i]);
        }
        uint256 computed = Poseidon2.climb(_leaf(account), index, path);
        if (computed != root) revert NotInState(computed, root);
    }

    function _leaf(Account memory a) private pure returns (uint256) {
        uint256 packed = uint256(uint160(a.owner)) | (uint256(a.balance) << OWNER_BITS) | (uint256(a.nonce) << (OWNER_BITS + BALANCE_BITS));
        return Poseidon2.hash(Poseidon2.hash(a.x, a.y), packed);
    }

    function _pay(address owner, uint256 amount) private {
        (bool ok,) = owner.call{value: amount * GWEI}("");
        if (!ok) revert PaymentFailed();
        emit Paid(owner, amount * GWEI);
    }
}
