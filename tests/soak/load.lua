-- SPDX-License-Identifier: Apache-2.0
-- A steady load for wrk: each request has an id of its own; now and then a POST, a connection that ends, a large object.
-- Arguments: a number that no other run on the same log has, milliseconds that a connection waits between requests.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local head = "Host: soak.example.test\r\nUser-Agent: soak/1\r\nAccept: */*\r\n"
local run, pause, sent = 0, 0, 0

function init(arguments)
  math.randomseed(7 + number)
  run, pause = arguments[1], tonumber(arguments[2])
end

function delay()
  return math.random(0, 2 * pause)
end

function request()
  sent = sent + 1
  local id = "?id=" .. run .. "-" .. number .. "-" .. sent
  local dice = math.random()
  if dice < 0.1 then
    local body = string.rep("x", math.random(20, 3000))
    return "POST /take" .. id .. " HTTP/1.1\r\n" .. head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
  end
  local more = dice > 0.95 and "Connection: close\r\n" or ""
  local object = dice > 0.9 and "large.bin" or dice > 0.5 and "middle.bin" or "small.bin"
  return "GET /" .. object .. id .. " HTTP/1.1\r\n" .. head .. more .. "\r\n"
end
