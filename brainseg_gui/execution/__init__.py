"""Where independent tasks run: processes of this computer or a cluster, behind `concurrent.futures.Executor`.

A task is a function of a module and records of JSON: whatever runs it needs nothing else. What is done stands in a
manifest beside the results, so that a second call goes on where the first ended.
"""
