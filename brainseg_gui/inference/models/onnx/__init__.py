"""Networks in ONNX: files that are read without believing them, and looked through before any of it is computed."""
