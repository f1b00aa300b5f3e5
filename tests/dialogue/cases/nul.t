# NUL in value, name and target.
>>>
GET /a\0b HTTP/1.1
A: x\0y
B\0: z

=== requests
start "GET" "/a\0b" "HTTP/1.1" 1.1
header "A" "x\0y"
header "B\0" "z"
head-end none
end 0-36 NUL NAME_CHARACTERS
=== responses
