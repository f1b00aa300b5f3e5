// SPDX-License-Identifier: Apache-2.0
// A request with trailers, and one that hears 1xx answers: node node_client.js HOST PORT
'use strict';
const http = require('http');

const [host, port] = [process.argv[2], Number(process.argv[3])];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(options, send) {
  return new Promise((done, fail) => {
    const request = http.request({ host, port, agent, ...options }, (response) => {
      response.resume();
      response.on('end', done);
    });
    request.on('error', fail);
    send(request);
  });
}

(async () => {
  await call({ path: '/trailers', headers: { TE: 'trailers' } }, (request) => request.end());
  await call({ path: '/sum', method: 'POST', headers: { Trailer: 'Content-MD5' } }, (request) => {
    request.write('one ');
    request.write('two ');
    request.addTrailers({ 'Content-MD5': 'Q2hlY2sgSW50ZWdyaXR5IQ==' });
    setTimeout(() => request.end('three'), 40);
  });
  await call({ path: '/hints' }, (request) => request.end());
  await call({ path: '/trailers' }, (request) => request.end());
  agent.destroy();
})();
