'use strict';

// The accounts of one app, in memory. Passwords are kept as they are: this is
// a fixture, and what the app does with them is not what is tested.
class Accounts {
  constructor() {
    this.byName = new Map();
    this.tries = {};
    this.add('alice@x.test', 'right horse');
    this.add('bob@x.test', 'blue kettle');
  }

  add(name, password) {
    const user = { id: this.byName.size + 1, name, password };
    this.byName.set(name, user);
    return user;
  }

  find(name) {
    return this.byName.get(name);
  }

  byId(id) {
    return [...this.byName.values()].find((user) => user.id === id);
  }

  // check counts the try and returns the user, or false.
  check(name, password) {
    this.tries[name] = (this.tries[name] || 0) + 1;
    const user = this.find(name);
    return user && user.password === password ? user : false;
  }
}

module.exports = Accounts;
