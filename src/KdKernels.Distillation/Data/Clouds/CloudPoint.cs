using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data;

/// <summary>A point in space; z points up.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CloudPoint(double X, double Y, double Z);
