// SPDX-License-Identifier: Apache-2.0
// What nginx and Apache do not do: trailers, several 1xx, early and broken answers, bodies that end with the connection.
// node node_server.js PORT LOGFILE
'use strict';
const http = require('http');
const fs = require('fs');

const [port, log] = [Number(process.argv[2]), process.argv[3]];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const routes = {
  async '/trailers'(request, response) {
    response.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'Digest, X-Rows' });
    for (const line of ['first\n', 'second\n', 'third\n']) {
      response.write(line);
      await pause(20);
    }
    response.addTrailers({ Digest: 'sha-256=AAAA', 'X-Rows': '3' });
    response.end();
  },
  async '/hints'(request, response) {
    response.writeProcessing();
    await pause(30);
    response.writeEarlyHints({ link: ['</style.css>; rel=preload; as=style', '</app.js>; rel=preload; as=script'] });
    await pause(30);
    response.writeEarlyHints({ link: '</icon.png>; rel=preload; as=image' });
    await pause(30);
    response.end('hinted\n');
  },
  async '/sum'(request, response) {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    response.end(JSON.stringify({ bytes, trailers: request.trailers }) + '\n');
  },
  // Answers while the request's body is still coming, and goes on reading it.
  async '/early401'(request, response) {
    response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="api"', 'Content-Length': 6 });
    response.end('no go\n');
    request.resume();
  },
  // Sends half of what it promised and closes in good order.
  async '/short'(request, response) {
    response.writeHead(200, { 'Content-Length': 4000 });
    response.write('x'.repeat(1500));
    await pause(50);
    response.socket.end();
  },
  async '/short-chunked'(request, response) {
    response.write('only a part\n');
    await pause(50);
    response.socket.end();
  },
  async '/reset'(request, response) {
    response.writeHead(200, { 'Content-Length': 4000 });
    response.write('x'.repeat(1500));
    await pause(50);
    response.socket.resetAndDestroy();
  },
  async '/hang'(request, response) {
    response.writeHead(200, { 'Content-Length': 4000 });
    response.write('y'.repeat(100));
  },
  // No length and no chunks: the body ends with the connection.
  async '/until-close'(request, response) {
    response.sendDate = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('Transfer-Encoding');
    response.writeHead(200, { 'Content-Type': 'text/plain', Connection: 'close' });
    for (let n = 0; n < 4; n++) {
      response.write(`part ${n}: HTTP/1.1 200 OK is not a status line here\n`);
      await pause(20);
    }
    response.end();
  },
  async '/drip'(request, response) {
    response.writeHead(200, { 'Content-Length': 12 });
    for (const byte of 'drop by drop') {
      response.write(byte);
      await pause(15);
    }
    response.end();
  },
  async '/wait'(request, response) {
    await pause(400);
    response.end('waited\n');
  },
};

const note = (request, status) =>
  fs.appendFileSync(log, `node\t${request.method}\t${request.url}\tHTTP/${request.httpVersion}\t${status}\n`);

function serve(request, response) {
  const route = routes[request.url.split('?')[0]];
  if (!route) response.statusCode = 404;
  response.on('close', () => note(request, response.statusCode));
  const done = route ? route(request, response) : response.end();
  Promise.resolve(done).catch(() => {});
}

const server = http.createServer({ keepAliveTimeout: 20000 }, serve);
server.on('checkContinue', (request, response) => {
  if (request.url === '/refuse') {
    response.writeHead(417, { 'Content-Length': 0, Connection: 'close' });
    response.on('close', () => note(request, 417));
    response.end();
    return;
  }
  setTimeout(() => {
    response.writeContinue();
    serve(request, response);
  }, 60);
});
server.httpAllowHalfOpen = true; // answers a client that has ended its half
server.listen(port, '0.0.0.0');
