# A version alone; what follows is the head. With a fold the code is lost.
<<<
HTTP/1.1
Content-Length: 1

xHTTP/1.1\n\
 200 ok
Content-Length: 0

=== requests
=== responses
start "HTTP/1.1" "" "" 1.1 status=0
header "Content-Length" "1"
head-end length 1
body 1 "x"
end 0-32 STATUS
start "HTTP/1.1" "" "" 1.1 status=0
header " 200 ok" ""
header "Content-Length" "0"
head-end length 0
end 32-71 BARE_LF NO_COLON STATUS FIRST_FOLD
