# The space before the version is missing: then it is part of the target.
>>>
GET /HTTP/1.1
Host: www.example.com

>>|
=== requests
start "GET" "/HTTP/1.1" "" 0.9
header "Host" "www.example.com"
head-end none
end 0-40 VERSION
eof between
=== responses
