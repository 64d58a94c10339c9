module merlon/tests/cloud

go 1.19
