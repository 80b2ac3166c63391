namespace KdKernels.Core;

/// <summary>Lays out a call's scratch memory behind the counters: first how much, then where.</summary>
internal sealed class FspScratch
{
    // Every part begins at a multiple of 256 bytes.
    private const long Slots = 32;

    /// <summary>float64 slots that were asked for.</summary>
    public long Length { get; private set; }

    /// <summary>Room for so many elements, to be found with <see cref="View"/>.</summary>
    public (long Offset, long Count) Take(long count, int bytes)
    {
        long offset = Length;
        Length += ((count * bytes) + (Slots * sizeof(double)) - 1) / (Slots * sizeof(double)) * Slots;
        return (offset, count);
    }

    /// <summary>Where it lies; nothing where there is none.</summary>
    public static DeviceView View(in Workspace workspace, (long Offset, long Count) part) => part.Count == 0
        ? default
        : new DeviceView(workspace.Partials.Address + (ulong)(part.Offset * sizeof(double)), part.Count);
}
