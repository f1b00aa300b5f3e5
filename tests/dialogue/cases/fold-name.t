# The colon stands in the fold: joined, name and value read as a field with a space before its colon.
>>>
GET / HTTP/1.1
Content-Length\n\
 :3

abc\
=== requests
start "GET" "/" "HTTP/1.1" 1.1
header "Content-Length" "3"
head-end length 3
body 3 "abc"
end 0-41 BARE_LF OBS_FOLD SPACE_BEFORE_COLON obscured ambiguous content-unexpected
=== responses
