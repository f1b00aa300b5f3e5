# A version begun counts as part of the target only in a line that ends: this one is not whole.
>>>
GET /old HTT\
>>|
=== requests
eof truncated
=== responses
