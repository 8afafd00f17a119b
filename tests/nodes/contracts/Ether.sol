// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external;
}

/// Pays on what it gets: internal calls, one inside the other, some of which fail or are taken back.
contract Splitter {
    receive() external payable {}

    /// What was sent goes on in equal parts; a part that is refused stays here.
    function split(address[] calldata to) external payable {
        for (uint256 n = 0; n < to.length; n++) {
            (bool done, ) = to[n].call{value: msg.value / to.length}("");
            done;
        }
    }

    /// Pays `to` in a call to itself that is then taken back if `fails`: nothing has moved in that case.
    function tryPay(address to, uint256 units, bool fails) external payable {
        try this.payThen(to, units, fails) {} catch {}
    }

    function payThen(address to, uint256 units, bool fails) external {
        (bool done, ) = to.call{value: units}("");
        require(done && !fails, "taken back");
    }

    /// A chain of calls to itself, `depth` deep, that pays one unit at each step and takes the deepest ones back.
    function dig(address to, uint256 depth, uint256 failsFrom) external payable {
        _pay(to, 1);
        if (depth == 0) {
            return;
        }
        try this.dig{value: 1}(to, depth - 1, failsFrom) {} catch {}
        require(depth < failsFrom, "too deep");
    }

    /// Pays the producer of the block.
    function tip() external payable {
        _pay(block.coinbase, msg.value);
    }

    /// Everything fails, at the end.
    function refuse(address to) external payable {
        _pay(to, msg.value);
        revert("refused");
    }

    function _pay(address to, uint256 units) private {
        (bool done, ) = to.call{value: units}("");
        require(done, "not paid");
    }
}

/// Takes no ether.
contract Refuser {
    uint256 public nothing;
}

/// A deposit address of a service: all it gets is swept to one account.
contract Forwarder {
    address payable public immutable target;

    constructor(address payable target_) {
        target = target_;
        if (address(this).balance > 0) {
            target_.transfer(address(this).balance); // what was sent here before there was code
        }
    }

    receive() external payable {}

    function sweep() external {
        target.transfer(address(this).balance);
    }

    function sweepToken(IToken token) external {
        token.transfer(target, token.balanceOf(address(this)));
    }
}

/// Makes deposit addresses that are known before they exist (CREATE2).
contract Factory {
    address payable public immutable target;

    constructor(address payable target_) {
        target = target_;
    }

    function where(bytes32 salt) external view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(Forwarder).creationCode, abi.encode(target)));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, code)))));
    }

    function make(bytes32 salt) external {
        new Forwarder{salt: salt}(target);
    }
}

/// Ends itself; what it holds goes to another account.
contract Mortal {
    constructor() payable {}

    receive() external payable {}

    function end(address payable to) external payable {
        selfdestruct(to);
    }
}

/// Creates something and ends it in one transaction.
contract Undertaker {
    receive() external payable {}

    /// The new one gets what was sent and ends itself in favour of `to`; in its own favour if `to` is nobody.
    function makeAndEnd(address payable to) external payable {
        Mortal made = new Mortal{value: msg.value}();
        made.end(to == address(0) ? payable(address(made)) : to);
    }

    /// The same, and then it gets more: what arrives behind its end is gone with it.
    function makeEndAndPay(address payable to) external payable {
        Mortal made = new Mortal{value: msg.value / 2}();
        made.end(to);
        (bool done, ) = address(made).call{value: msg.value / 2}("");
        require(done, "not paid");
    }
}

interface IWeth {
    function deposit() external payable;
    function withdraw(uint256 units) external;
    function transfer(address to, uint256 units) external returns (bool);
}

interface IMint {
    function mint(address to, uint256 units) external;
}

/// Moves ether, wrapped ether and a token in turns within one transaction, so that the order matters.
contract Router {
    receive() external payable {}

    function mix(IWeth weth, IMint token, address to) external payable {
        uint256 part = msg.value / 4;
        weth.deposit{value: 3 * part}();
        weth.transfer(to, part);
        _pay(to, part);
        token.mint(to, part);
        weth.withdraw(part);
        _pay(to, part);
        token.mint(to, part);
        weth.transfer(to, part);
    }

    function _pay(address to, uint256 units) private {
        (bool done, ) = to.call{value: units}("");
        require(done, "not paid");
    }
}

interface IHeld {
    function balanceOf(address account) external view returns (uint256);
}

/// Tells many balances in one answer.
contract Lens {
    function ether_(address[] calldata accounts) external view returns (uint256[] memory held) {
        held = new uint256[](accounts.length);
        for (uint256 n = 0; n < accounts.length; n++) {
            held[n] = accounts[n].balance;
        }
    }

    function tokens(IHeld token, address[] calldata accounts) external view returns (uint256[] memory held) {
        held = new uint256[](accounts.length);
        for (uint256 n = 0; n < accounts.length; n++) {
            held[n] = token.balanceOf(accounts[n]);
        }
    }
}
