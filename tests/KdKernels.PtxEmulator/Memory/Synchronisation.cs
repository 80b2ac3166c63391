namespace KdKernels.PtxEmulator.Memory;

/// <summary>What a release made visible: accesses before these times of its block.</summary>
internal readonly record struct Release(
    int BarrierTime, int Warp, int WarpTime, uint WarpLanes, int Lane, int ThreadTime, Acquisition[] Before)
{
    public bool Covers(ulong tag)
    {
        int time = AccessTag.Time(tag);
        if (time < BarrierTime)
            return true;
        if ((tag & AccessTag.ManyWarps) != 0 || AccessTag.Warp(tag) != Warp)
            return false;
        if ((tag & AccessTag.ManyLanes) != 0)
            return time < WarpTime && WarpLanes == uint.MaxValue;
        int lane = AccessTag.Lane(tag);
        return (time < WarpTime && (WarpLanes >> lane & 1) != 0) || (lane == Lane && time <= ThreadTime);
    }
}

/// <summary>An atomic's view of its location: all releases before the Count-th.</summary>
internal readonly record struct Acquisition(AtomicLocation Location, int Count);

/// <summary>
/// The releases through one atomic location, in the order of its atomics. An atomic that acquires sees all earlier
/// ones,
/// so that what a block has acquired is a location and a number, however many blocks took part.
/// </summary>
internal sealed class AtomicLocation
{
    private readonly List<(int Block, Release Release)> releases = [];
    private readonly Dictionary<int, List<int>> byBlock = [];

    public int Count => releases.Count;

    public void Add(int block, Release release)
    {
        if (!byBlock.TryGetValue(block, out List<int>? own))
            byBlock[block] = own = [];
        own.Add(releases.Count);
        releases.Add((block, release));
    }

    /// <summary>Whether one of the first <paramref name="count"/> releases makes the access visible.</summary>
    public bool Covers(ulong tag, int count)
    {
        if (byBlock.TryGetValue(AccessTag.Block(tag), out List<int>? own))
        {
            foreach (int index in own)
            {
                if (index < count && releases[index].Release.Covers(tag))
                    return true;
            }
        }

        for (int i = 0; i < Math.Min(count, releases.Count); i++)
        {
            foreach (Acquisition before in releases[i].Release.Before)
            {
                // An earlier state of this very location holds nothing that its own list does not.
                if (before.Location != this && before.Location.Covers(tag, before.Count))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Adds the blocks that released here before the <paramref name="count"/>-th release.</summary>
    public void AddBlocks(HashSet<int> blocks, int count)
    {
        for (int i = 0; i < Math.Min(count, releases.Count); i++)
        {
            blocks.Add(releases[i].Block);
            foreach (Acquisition before in releases[i].Release.Before)
            {
                if (before.Location != this)
                    before.Location.AddBlocks(blocks, before.Count);
            }
        }
    }
}
