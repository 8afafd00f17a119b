// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// An ordinary token that anybody can mint and burn, as ERC-20 asks: both are Transfers from and to nobody.
contract Token {
    string public name;
    string public symbol;
    uint8 public decimals;
    uint256 public totalSupply;
    mapping(address => uint256) internal held;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return held[account];
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        held[to] += value;
        emit Transfer(address(0), to, value);
    }

    function burn(uint256 value) external {
        held[msg.sender] -= value;
        totalSupply -= value;
        emit Transfer(msg.sender, address(0), value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        held[from] -= value;
        held[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Takes a tenth of each transfer and does not say so: the event names what was sent, less arrives.
contract TaxToken is Token {
    address public collector;

    constructor(address collector_) Token("Test Tax", "TAX", 18) {
        collector = collector_;
    }

    function _move(address from, address to, uint256 value) internal override {
        held[from] -= value;
        held[to] += value - value / 10;
        held[collector] += value / 10;
        emit Transfer(from, to, value);
    }
}

/// Every balance grows or shrinks at once, without an event.
contract RebasingToken is Token {
    uint256 public percent = 100;

    constructor() Token("Test Rebase", "RBS", 18) {}

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (held[account] * percent) / 100;
    }
}

/// Ether as a token: in and out are Deposit and Withdrawal, not Transfer.
contract Weth {
    string public name = "Test Wrapped Ether";
    string public symbol = "WETH";
    uint8 public decimals = 18;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    receive() external payable {
        deposit();
    }

    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 wad) external {
        balanceOf[msg.sender] -= wad;
        (bool done, ) = msg.sender.call{value: wad}("");
        require(done, "refused");
        emit Withdrawal(msg.sender, wad);
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        balanceOf[msg.sender] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(msg.sender, dst, wad);
        return true;
    }
}

/// Code that lives elsewhere: every call is delegated, so events and balances are the proxy's.
contract Proxy {
    // where EIP-1967 puts it
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    constructor(address code) {
        assembly {
            sstore(SLOT, code)
        }
    }

    receive() external payable {
        _pass();
    }

    fallback() external payable {
        _pass();
    }

    function _pass() private {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}

/// Says anything in the name of anybody: events without a balance behind them.
contract FakeToken {
    string public name = "Tether USD";
    string public symbol = "USDT";
    uint8 public decimals = 6;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function balanceOf(address) external pure returns (uint256) {
        return 1000000000000;
    }

    function say(address from, address to, uint256 value) external {
        emit Transfer(from, to, value);
    }
}
