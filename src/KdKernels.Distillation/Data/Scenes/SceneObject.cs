using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data;

/// <summary>One object of a scene.</summary>
/// <param name="ClassId">In [0, classes): background is no class here.</param>
/// <param name="Box">The bounds of its visible pixels.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SceneObject(int ClassId, BoundingBox Box);
