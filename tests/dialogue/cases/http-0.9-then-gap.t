# What is lost behind the line may have been its fields.
>>>
GET /one
><> 10
>>>
GET /two

=== requests
start "GET" "/one" "" 0.9
gap 10 lost cut
start "GET" "/two" "" 0.9
end 20-32
=== responses
