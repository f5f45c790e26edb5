	.globl f
	.type f,@function
f:	call __morestack
	ret
	.size f,.-f
