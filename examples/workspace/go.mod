module example.com/workspace

go 1.26.0
