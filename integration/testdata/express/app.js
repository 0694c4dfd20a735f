'use strict';

// Starts the styles named on the command line, each on a free port of its own,
// and prints their ports as one line of JSON: {"redirect":40001,"basic":40002}.
// It ends when its standard input does.
//
//   node app.js redirect basic

const styles = process.argv.slice(2);
const ports = {};

for (const name of styles) {
  const app = require(`./styles/${name}.js`)();
  const server = app.listen(0, '127.0.0.1', () => {
    ports[name] = server.address().port;
    if (Object.keys(ports).length === styles.length) {
      console.log(JSON.stringify(ports));
    }
  });
  // A proxy keeps connections open; the default of 5 s makes it meet closed ones.
  server.keepAliveTimeout = 60_000;
}

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
