using KdKernels.Core;
// The vector width and the thread count are settings of the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
