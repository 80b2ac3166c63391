namespace KdKernels.Core;

/// <summary>The geometry of a launch: all grids and blocks here have one dimension.</summary>
/// <param name="Blocks">Blocks of the grid.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
internal readonly record struct CudaGrid(int Blocks, int Threads, int SharedBytes = 0);
