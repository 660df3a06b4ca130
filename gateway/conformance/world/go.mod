module github.com/ashlar-da/ashlar/gateway/conformance/world

go 1.26.0
