namespace KdKernels.PtxEmulator.Memory;

/// <summary>What a block's threads have in common: the time, the last barrier, and what barriers passed on.</summary>
internal sealed class BlockHistory
{
    private const int MaxTime = (1 << AccessTag.TimeBits) - 2;

    public int Block { get; private set; }

    public int Time { get; private set; }

    /// <summary>Accesses before this time are ordered before everything that follows in the block.</summary>
    public int BarrierTime { get; private set; }

    public List<Acquisition> Acquired { get; } = [];

    /// <summary>Blocks that have started so far; who has touched anything is among them.</summary>
    public int StartedBlocks { get; set; }

    public void Start(int block)
    {
        Block = block;
        Time = 0;
        BarrierTime = 0;
        Acquired.Clear();
    }

    public int Advance()
    {
        if (Time >= MaxTime)
            throw new PtxException(PtxError.Endless, "expected fewer barriers and fences in one block");
        return ++Time;
    }

    public void Barrier(IEnumerable<WarpHistory> warps)
    {
        BarrierTime = Advance();
        foreach (WarpHistory warp in warps)
            warp.PassOn(Acquired);
    }
}

/// <summary>Which accesses are ordered before the lanes of one warp.</summary>
internal sealed class WarpHistory(BlockHistory block, int warp)
{
    private readonly int[] syncTime = new int[32];
    private readonly uint[] syncLanes = new uint[32];
    private readonly Fence[] fences = new Fence[32];
    private readonly List<(uint Lanes, Acquisition What)> observed = [];
    private readonly List<(uint Lanes, Acquisition What)> acquired = [];

    private record struct Fence(bool Done, int Time, int BarrierTime, int WarpTime, uint WarpLanes);

    public void Start()
    {
        Array.Clear(syncTime);
        Array.Clear(syncLanes);
        Array.Clear(fences);
        observed.Clear();
        acquired.Clear();
    }

    /// <summary>Whether an access happened before everything that this lane does from now on.</summary>
    public bool IsOrdered(ulong tag, int lane)
    {
        if ((tag & AccessTag.ManyBlocks) != 0)
            return HasAcquiredAllBlocks(lane);
        if (AccessTag.Block(tag) != block.Block)
            return HasAcquired(tag, lane);
        int time = AccessTag.Time(tag);
        if (time < block.BarrierTime)
            return true;
        if ((tag & AccessTag.ManyWarps) != 0 || AccessTag.Warp(tag) != warp)
            return false;
        if ((tag & AccessTag.ManyLanes) != 0)
            return time < syncTime[lane] && syncLanes[lane] == uint.MaxValue;
        int other = AccessTag.Lane(tag);
        return other == lane || (time < syncTime[lane] && (syncLanes[lane] >> other & 1) != 0);
    }

    /// <summary>
    /// bar.warp.sync: orders the memory accesses of these lanes. Lanes that do not exist count as there.
    /// </summary>
    public void Synchronise(uint lanes, uint missing)
    {
        int time = block.Advance();
        for (int lane = 0; lane < 32; lane++)
        {
            if ((lanes >> lane & 1) == 0)
                continue;
            syncTime[lane] = time;
            syncLanes[lane] = lanes | missing;
        }

        for (int i = 0; i < acquired.Count; i++)
        {
            if ((acquired[i].Lanes & lanes) != 0)
                acquired[i] = (acquired[i].Lanes | lanes, acquired[i].What);
        }
    }

    /// <summary>A fence of the whole device: what the lanes saw through atomics is acquired, what they did can be
    /// released.</summary>
    public void FenceDevice(uint lanes)
    {
        for (int lane = 0; lane < 32; lane++)
        {
            if ((lanes >> lane & 1) != 0)
                fences[lane] = new Fence(true, block.Time, block.BarrierTime, syncTime[lane], syncLanes[lane]);
        }

        block.Advance();
        for (int i = observed.Count - 1; i >= 0; i--)
        {
            (uint seen, Acquisition what) = observed[i];
            if ((seen & lanes) == 0)
                continue;
            acquired.Add((seen & lanes, what));
            observed.RemoveAt(i);
            if ((seen & ~lanes) != 0)
                observed.Add((seen & ~lanes, what));
        }
    }

    /// <summary>An atomic on a location in global memory: releases what the lane's last fence covers, and observes what
    /// others released there.</summary>
    public void Atomic(AtomicLocation location, int lane, bool reads)
    {
        if (reads)
        {
            observed.RemoveAll(o => o.Lanes == 1u << lane && o.What.Location == location);
            observed.Add((1u << lane, new Acquisition(location, location.Count)));
        }

        Fence fence = fences[lane];
        if (!fence.Done)
            return;
        var before = new List<Acquisition>();
        foreach (Acquisition acquisition in AcquiredBy(lane))
        {
            if (acquisition.Location != location)
                before.Add(acquisition);
        }

        location.Add(block.Block, new Release(fence.BarrierTime, warp, fence.WarpTime, fence.WarpLanes, lane,
            fence.Time, [.. before]));
    }

    public void PassOn(List<Acquisition> all)
    {
        foreach ((_, Acquisition what) in acquired)
        {
            int known = all.FindIndex(a => a.Location == what.Location);
            if (known < 0)
                all.Add(what);
            else if (all[known].Count < what.Count)
                all[known] = what;
        }

        acquired.Clear();
    }

    private IEnumerable<Acquisition> AcquiredBy(int lane)
    {
        foreach (Acquisition acquisition in block.Acquired)
            yield return acquisition;
        foreach ((uint lanes, Acquisition what) in acquired)
        {
            if ((lanes >> lane & 1) != 0)
                yield return what;
        }
    }

    private bool HasAcquired(ulong tag, int lane)
    {
        foreach (Acquisition acquisition in AcquiredBy(lane))
        {
            if (acquisition.Location.Covers(tag, acquisition.Count))
                return true;
        }

        return false;
    }

    private bool HasAcquiredAllBlocks(int lane)
    {
        var blocks = new HashSet<int> { block.Block };
        foreach (Acquisition acquisition in AcquiredBy(lane))
            acquisition.Location.AddBlocks(blocks, acquisition.Count);
        return blocks.Count >= block.StartedBlocks;
    }
}
