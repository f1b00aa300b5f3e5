# A field that is longer than a line may be, behind a line without version.
line_bytes 24
>>>
GET /one
0123456789abcdefghijklmnopqrstuvwxyz: a
B: 012345678901234567890123456789

>>|
=== requests
start "GET" "/one" "" 0.9
header "0123456789abcdefghijklmn" ""
header "B" "012345678901234567890"
head-end none
end 0-88 NO_COLON VERSION LINE_TOO_LONG
eof between
=== responses
