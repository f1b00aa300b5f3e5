# Status codes that are not three digits from 100 to 599.
<<<
HTTP/1.1 0200 ok
Content-Length: 0

HTTP/1.1 2000 ok
Content-Length: 0

HTTP/1.1 20x ok
Content-Length: 0

HTTP/1.1 900 ok
Content-Length: 0

HTTP/1.1 099 ok
Content-Length: 0

HTTP/1.1 99999999999999999999 ok
Content-Length: 0

=== requests
=== responses
start "HTTP/1.1" "0200" "ok" 1.1 status=200
header "Content-Length" "0"
head-end length 0
end 0-39 STATUS
start "HTTP/1.1" "2000" "ok" 1.1 status=0
header "Content-Length" "0"
head-end length 0
end 39-78 STATUS
start "HTTP/1.1" "20x" "ok" 1.1 status=0
header "Content-Length" "0"
head-end length 0
end 78-116 STATUS
start "HTTP/1.1" "900" "ok" 1.1 status=900
header "Content-Length" "0"
head-end length 0
end 116-154 STATUS
start "HTTP/1.1" "099" "ok" 1.1 status=0
header "Content-Length" "0"
head-end length 0
end 154-192 STATUS
start "HTTP/1.1" "99999999999999999999" "ok" 1.1 status=0
header "Content-Length" "0"
head-end length 0
end 192-247 STATUS
