namespace KdKernels.Kernels.Device;

/// <summary>A constant that the compiler sees through a type.</summary>
public interface IFlag
{
    bool Value { get; }
}

/// <summary>True.</summary>
public readonly struct On : IFlag
{
    public bool Value => true;
}

/// <summary>False.</summary>
public readonly struct Off : IFlag
{
    public bool Value => false;
}

/// <summary>A number that the compiler sees through a type: the threads of a block.</summary>
public interface ISize
{
    int Value { get; }
}

/// <summary>256.</summary>
public readonly struct N256 : ISize
{
    public int Value => 256;
}

/// <summary>512.</summary>
public readonly struct N512 : ISize
{
    public int Value => 512;
}

/// <summary>1024.</summary>
public readonly struct N1024 : ISize
{
    public int Value => 1024;
}
