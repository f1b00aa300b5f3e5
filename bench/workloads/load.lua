-- SPDX-License-Identifier: Apache-2.0
-- What services ask of each other, for wrk: small heads, one POST in ten on kept connections, or one GET a connection.
-- Arguments: "keep" or "close", requests a thread may send, number of objects. LOAD_FIRST and LOAD_SERVERS are the servers' addresses.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  local first, servers = tonumber(os.getenv("LOAD_FIRST")), tonumber(os.getenv("LOAD_SERVERS"))
  thread.addr = wrk.lookup("192.0.2." .. (first + threads % servers), "80")[1]
  threads = threads + 1
end

local head = "Host: api.example.test\r\nUser-Agent: inventory/3.1\r\nAccept: application/json\r\n"
local ready, quota, sent = {}, 0, 0

local function get(object, more)
  return "GET /items/" .. object .. ".json HTTP/1.1\r\n" .. head .. more .. "\r\n"
end

local function post()
  local body = '{"item":' .. math.random(100000) .. ',"text":"' .. string.rep("x", math.random(20, 120)) .. '"}'
  return "POST /api/v1/items HTTP/1.1\r\n" .. head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

-- Made beforehand: the load shall keep the server busy, not itself.
function init(arguments)
  math.randomseed(9000 + number)
  local close = arguments[1] == "close"
  quota = tonumber(arguments[2])
  for i = 1, 3000 do
    local asks = close or math.random() >= 0.1
    ready[i] = asks and get(math.random(0, tonumber(arguments[3]) - 1), close and "Connection: close\r\n" or "") or post()
  end
end

function request()
  sent = sent + 1
  if sent > quota then wrk.thread:stop() end
  return ready[math.random(#ready)]
end
