namespace KdKernels.Core;

/// <summary>A number of units cut into chunks by their sizes alone.</summary>
internal readonly record struct ChunkPlan(long Units, long UnitsPerChunk, int Chunks)
{
    // About 10 us of work: enough to hide the hand-out, little enough that two threads end together.
    private const long ElementsPerChunk = 16384;
    private const long MostChunks = 512;

    public static ChunkPlan Of(long units, long elementsPerUnit)
    {
        long perChunk = Math.Max(
            Math.Max(1, ElementsPerChunk / Math.Max(elementsPerUnit, 1)), (units + MostChunks - 1) / MostChunks);
        return new ChunkPlan(units, perChunk, (int)((units + perChunk - 1) / perChunk));
    }

    public (long First, long End) UnitsOf(int chunk)
    {
        long first = chunk * UnitsPerChunk;
        return (first, Math.Min(Units, first + UnitsPerChunk));
    }
}
