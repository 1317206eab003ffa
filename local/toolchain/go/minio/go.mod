module dify-ha/toolchain/minio

go 1.24.0
