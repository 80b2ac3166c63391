namespace ILGPU;

/// <summary>The blocks of a launch.</summary>
public static class Grid
{
    public static int IdxX => throw Signature.Only(nameof(Grid));

    public static int DimX => throw Signature.Only(nameof(Grid));
}

/// <summary>The threads of a block.</summary>
public static class Group
{
    public static int IdxX => throw Signature.Only(nameof(Group));

    public static int DimX => throw Signature.Only(nameof(Group));

    public static void Barrier() => throw Signature.Only(nameof(Group));
}

/// <summary>The lanes of a warp.</summary>
public static class Warp
{
    public static int WarpSize => throw Signature.Only(nameof(Warp));

    public static int LaneIdx => throw Signature.Only(nameof(Warp));

    public static void Barrier() => throw Signature.Only(nameof(Warp));

    public static T Shuffle<T>(T variable, int sourceLane)
        where T : unmanaged => throw Signature.Only(nameof(Warp));

    public static T ShuffleDown<T>(T variable, int delta)
        where T : unmanaged => throw Signature.Only(nameof(Warp));

    public static T ShuffleUp<T>(T variable, int delta)
        where T : unmanaged => throw Signature.Only(nameof(Warp));

    public static T ShuffleXor<T>(T variable, int mask)
        where T : unmanaged => throw Signature.Only(nameof(Warp));
}
