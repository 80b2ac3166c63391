namespace KdKernels.Gpu;

/// <summary>The groups, in the order in which they run.</summary>
internal static class TestGroups
{
    /// <summary>Memory comes first: it watches what torch's allocator takes from the device, which earlier work would
    /// hide.</summary>
    public static IReadOnlyDictionary<string, Action<TestSession>> All { get; } =
        new OrderedDictionary<string, Action<TestSession>>(StringComparer.Ordinal)
        {
            ["memory"] = MemoryTests.Run,
            ["oracle"] = OracleTests.Run,
            ["ops"] = OpTests.Run,
            ["layouts"] = LayoutTests.Run,
            ["errors"] = ErrorTests.Run,
            ["repeats"] = RepeatTests.Run,
#if !TORCHSHARP_PACKAGE
            ["streams"] = StreamTests.Run,
            ["graphs"] = GraphTests.Run,
#endif
            ["large"] = LargeIndexTests.Run,
        };

    /// <summary>Those that make sense on CPU tensors.</summary>
    public static IReadOnlySet<string> OnCpu { get; } = new HashSet<string>(
        StringComparer.Ordinal) { "oracle", "ops", "layouts", "repeats" };
}
