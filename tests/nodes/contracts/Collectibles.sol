// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// ERC-721: each token is one of its kind.
contract Unique {
    mapping(uint256 => address) public ownerOf;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x80ac58cd;
    }

    function mint(address to, uint256 id) external {
        require(ownerOf[id] == address(0), "there");
        ownerOf[id] = to;
        balanceOf[to] += 1;
        emit Transfer(address(0), to, id);
    }

    function transferFrom(address from, address to, uint256 id) external {
        require(ownerOf[id] == from && msg.sender == from, "not yours");
        ownerOf[id] = to;
        balanceOf[from] -= 1;
        balanceOf[to] += 1;
        emit Transfer(from, to, id);
    }

    function burn(uint256 id) external {
        require(ownerOf[id] == msg.sender, "not yours");
        ownerOf[id] = address(0);
        balanceOf[msg.sender] -= 1;
        emit Transfer(msg.sender, address(0), id);
    }
}

/// ERC-1155: many tokens of many kinds, one by one and in batches.
contract Multi {
    mapping(uint256 => mapping(address => uint256)) private held;

    event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value);
    event TransferBatch(
        address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values
    );

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0xd9b67a26;
    }

    function balanceOf(address account, uint256 id) external view returns (uint256) {
        return held[id][account];
    }

    function mint(address to, uint256 id, uint256 value) external {
        held[id][to] += value;
        emit TransferSingle(msg.sender, address(0), to, id, value);
    }

    function burn(uint256 id, uint256 value) external {
        held[id][msg.sender] -= value;
        emit TransferSingle(msg.sender, msg.sender, address(0), id, value);
    }

    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes calldata) external {
        require(msg.sender == from, "not yours");
        held[id][from] -= value;
        held[id][to] += value;
        emit TransferSingle(msg.sender, from, to, id, value);
    }

    function safeBatchTransferFrom(
        address from, address to, uint256[] calldata ids, uint256[] calldata values, bytes calldata
    ) external {
        require(msg.sender == from && ids.length == values.length, "not yours");
        for (uint256 n = 0; n < ids.length; n++) {
            held[ids[n]][from] -= values[n];
            held[ids[n]][to] += values[n];
        }
        emit TransferBatch(msg.sender, from, to, ids, values);
    }
}
