namespace KdKernels.Gpu;

/// <summary>The tests of one op; a class of these per op, which no list names.</summary>
internal interface IOpTests
{
    /// <summary>The op's name as the console spells it; tests begin with it.</summary>
    string Op { get; }

    void Run(TestSession session);
}

/// <summary>Every op that has tests of its own, in the order of their names.</summary>
internal static class OpTests
{
    public static void Run(TestSession session)
    {
        IOpTests[] all =
        [
            .. typeof(IOpTests).Assembly.GetTypes()
                .Where(type => type.IsAssignableTo(typeof(IOpTests)) && type is { IsClass: true, IsAbstract: false })
                .Select(type => (IOpTests)Activator.CreateInstance(type)!)
                .OrderBy(tests => tests.Op, StringComparer.Ordinal),
        ];
        foreach (IOpTests tests in all) tests.Run(session);
    }
}
