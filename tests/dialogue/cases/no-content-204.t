# A 204 has no body, whatever its fields say.
>>>
DELETE /x HTTP/1.1

<<<
HTTP/1.1 204 No Content
Content-Length: 3

=== requests
start "DELETE" "/x" "HTTP/1.1" 1.1
head-end none
end 0-22
=== responses
start "HTTP/1.1" "204" "No Content" 1.1 status=204
header "Content-Length" "3"
head-end none
end 0-46 forbidden ambiguous
