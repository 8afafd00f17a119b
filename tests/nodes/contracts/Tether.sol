// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A token with an issuer who can freeze an account and destroy what it holds. As USDT does on Ethereum, issue, redeem
/// and destruction say so in events of their own and emit no Transfer; a fee that the issuer may set is emitted as a
/// second Transfer.
contract Tether {
    string public name = "Test Tether USD";
    string public symbol = "USDT";
    uint8 public decimals = 6;
    address public owner;
    uint256 public totalSupply;
    uint256 public basisPointsRate;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => bool) public isBlackListed;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Issue(uint256 amount);
    event Redeem(uint256 amount);
    event Params(uint256 feeBasisPoints, uint256 maxFee);
    event DestroyedBlackFunds(address _blackListedUser, uint256 _balance);
    event AddedBlackList(address _user);
    event RemovedBlackList(address _user);

    modifier onlyOwner() {
        require(msg.sender == owner, "owner only");
        _;
    }

    constructor(uint256 supply) {
        owner = msg.sender;
        totalSupply = supply;
        balanceOf[msg.sender] = supply;
        emit Transfer(address(0), msg.sender, supply);
    }

    function getBlackListStatus(address account) external view returns (bool) {
        return isBlackListed[account];
    }

    function getOwner() external view returns (address) {
        return owner;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function setParams(uint256 rate) external onlyOwner {
        basisPointsRate = rate;
        emit Params(rate, type(uint256).max);
    }

    function issue(uint256 amount) external onlyOwner {
        balanceOf[owner] += amount;
        totalSupply += amount;
        emit Issue(amount);
    }

    function redeem(uint256 amount) external onlyOwner {
        balanceOf[owner] -= amount;
        totalSupply -= amount;
        emit Redeem(amount);
    }

    function addBlackList(address account) external onlyOwner {
        isBlackListed[account] = true;
        emit AddedBlackList(account);
    }

    function removeBlackList(address account) external onlyOwner {
        isBlackListed[account] = false;
        emit RemovedBlackList(account);
    }

    function destroyBlackFunds(address account) external onlyOwner {
        require(isBlackListed[account], "not frozen");
        uint256 held = balanceOf[account];
        balanceOf[account] = 0;
        totalSupply -= held;
        emit DestroyedBlackFunds(account, held);
    }

    function _move(address from, address to, uint256 value) private {
        require(!isBlackListed[from], "frozen");
        balanceOf[from] -= value;
        uint256 fee = basisPointsRate == 0 ? 0 : (value / 10000) * basisPointsRate;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        if (fee > 0) {
            balanceOf[owner] += fee;
            emit Transfer(from, owner, fee);
        }
    }
}
