# 101 ends HTTP in the server's direction.
>>>
GET /chat HTTP/1.1
Connection: Upgrade
Upgrade: websocket

<<<
HTTP/1.1 101 Switching Protocols
Connection: Upgrade
Upgrade: websocket

\x81\x05hello\
=== requests
start "GET" "/chat" "HTTP/1.1" 1.1
header "Connection" "Upgrade"
header "Upgrade" "websocket"
head-end none
end 0-63
=== responses
start "HTTP/1.1" "101" "Switching Protocols" 1.1 status=101
header "Connection" "Upgrade"
header "Upgrade" "websocket"
head-end tunnel
end 0-77
tunnel
