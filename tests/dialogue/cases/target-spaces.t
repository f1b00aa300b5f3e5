# Spaces in the target: the last word is the version.
>>>
GET /a b HTTP/1.1 c HTTP/1.1
Host: a

=== requests
start "GET" "/a b HTTP/1.1 c" "HTTP/1.1" 1.1
header "Host" "a"
head-end none
end 0-41 TARGET_SPACES
=== responses
