-- SPDX-License-Identifier: Apache-2.0
-- Browser-like load for wrk, an id in every request. Arguments: file of paths, requests a thread may send, first server's
-- last address byte, number of servers.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  local first, servers = tonumber(os.getenv("TRUTH_FIRST")), tonumber(os.getenv("TRUTH_SERVERS"))
  thread.addr = wrk.lookup("192.0.2." .. (first + threads % servers), "80")[1]
  threads = threads + 1
end

local hosts = {"www.example.test", "static.example.test", "img.shop.example.test", "cdn-03.assets.example.test", "api.example.test", "news.example.test", "m.example.test:80"}
local agents = {
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"}
local paths, quota, sent = {}, 0, 0

local function pick(from) return from[math.random(#from)] end
local function hex(count)
  local digits = {}
  for i = 1, count do digits[i] = string.format("%x", math.random(0, 15)) end
  return table.concat(digits)
end

function init(arguments)
  math.randomseed(7000 + number)
  for line in io.lines(arguments[1]) do paths[#paths + 1] = line end
  quota = tonumber(arguments[2])
end

-- 8 % ask for what they have, 3 % for what is not there, 2 % are sent elsewhere, 3 % post; 4 % end their connection.
function request()
  sent = sent + 1
  if sent > quota then wrk.thread:stop() end
  local host, kind, method, path, body = pick(hosts), math.random(), "GET", pick(paths), nil
  local fields = {"Host: " .. host, "X-Truth-Id: " .. (number + 1) * 10000000 + sent, "User-Agent: " .. pick(agents),
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "Accept-Encoding: gzip, deflate",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.7", "Referer: http://" .. host .. pick(paths),
    "Cookie: sid=" .. hex(32) .. "; _ga=GA1.2." .. math.random(100000000, 900000000) .. "; theme=dark; cart=" .. hex(math.random(8, 160)),
    "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Site: same-origin", "DNT: 1"}
  if math.random() < 0.04 then fields[#fields + 1] = "Connection: close" end
  if kind < 0.08 then fields[#fields + 1] = "If-Modified-Since: Thu, 31 Dec 2037 23:55:55 GMT"
  elseif kind < 0.11 then path = "/missing/" .. hex(24) .. ".png"
  elseif kind < 0.13 then path = "/r/" .. hex(12)
  elseif kind < 0.16 then
    method, path, body = "POST", "/api/v1/event?k=" .. hex(8), '{"e":"' .. hex(math.random(60, 2400)) .. '"}'
    fields[#fields + 1] = "Content-Type: application/json"
    fields[#fields + 1] = "Content-Length: " .. #body
  end
  return method .. " " .. path .. " HTTP/1.1\r\n" .. table.concat(fields, "\r\n") .. "\r\n\r\n" .. (body or "")
end
